#include "data/aead.h"

#include <openssl/evp.h>

#include <memory>

#include "base/random.h"

namespace ashlar {
namespace {

struct CipherRelease {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherRelease>;

enum class Direction { open = 0, seal = 1 };  // as OpenSSL numbers them

// The same steps both ways. The tag is written or checked in `tag`.
Status crypt(Direction direction, const Secret& key, ByteView nonce, std::string_view associated, ByteView from,
             std::span<std::uint8_t> to, std::span<std::uint8_t> tag) {
  if (key.bytes().size() != kAeadKeySize) return fail("AES-256-GCM wants 32 bytes of key");
  Cipher cipher(EVP_CIPHER_CTX_new());
  ByteView about = as_bytes(associated);
  bool seals = direction == Direction::seal;
  int size = 0;
  auto tag_size = static_cast<int>(tag.size());
  bool done = cipher &&
              EVP_CipherInit_ex2(cipher.get(), EVP_aes_256_gcm(), key.bytes().data(), nonce.data(),
                                 static_cast<int>(direction), nullptr) == 1 &&
              EVP_CipherUpdate(cipher.get(), nullptr, &size, about.data(), static_cast<int>(about.size())) == 1 &&
              EVP_CipherUpdate(cipher.get(), to.data(), &size, from.data(), static_cast<int>(from.size())) == 1 &&
              (seals || EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1) &&
              EVP_CipherFinal_ex(cipher.get(), to.data() + size, &size) == 1 &&
              (!seals || EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, tag.data()) == 1);
  if (!done) return fail(seals ? "AES-256-GCM failed" : "not sealed with this key, or altered");
  return {};
}

}  // namespace

Result<Bytes> aead_seal(const Secret& key, const Secret& content, std::string_view associated) {
  Bytes sealed(kAeadOverhead + content.bytes().size());
  std::span<std::uint8_t> all(sealed);
  std::span<std::uint8_t> nonce = all.first(kAeadNonceSize);
  TRY(fill_random(nonce));
  TRY(crypt(Direction::seal, key, nonce, associated, content.bytes(),
            all.subspan(kAeadNonceSize, content.bytes().size()), all.last(kAeadTagSize)));
  return sealed;
}

Result<Secret> aead_open(const Secret& key, ByteView sealed, std::size_t content_size, std::string_view associated) {
  if (sealed.size() != kAeadOverhead + content_size) return fail("of another size");
  Secret content = TRY(Secret::of_size(content_size));
  std::array<std::uint8_t, kAeadTagSize> tag{};
  std::ranges::copy(sealed.last(kAeadTagSize), tag.begin());
  TRY(crypt(Direction::open, key, sealed.first(kAeadNonceSize), associated,
            sealed.subspan(kAeadNonceSize, content_size), content.bytes(), tag));
  return content;
}

}  // namespace ashlar
