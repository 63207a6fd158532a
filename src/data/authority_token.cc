#include "data/authority_token.h"

#include <openssl/evp.h>

#include <memory>

#include "base/base64.h"
#include "base/random.h"
#include "data/luks2_metadata.h"
#include "data/strict_json.h"

namespace ashlar {
namespace {

constexpr std::size_t kNonce = 12;
constexpr std::size_t kContent = 64;
constexpr std::size_t kTag = 16;
constexpr std::string_view kAssociated = "ashlar-tpm 1";

struct CipherRelease {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherRelease>;

Json json_of(ByteView sealed) {
  return {{"type", kTpmAuthorityToken}, {"keyslots", Json::array()}, {"version", 1}, {"sealed", to_base64(sealed)}};
}

// The same steps both ways; `encrypt` 1 or 0, as OpenSSL has it. The tag is written or checked in `tag`.
Status crypt(int encrypt, const Secret& key, ByteView nonce, ByteView from, std::span<std::uint8_t> to,
             std::span<std::uint8_t> tag) {
  if (key.bytes().size() != 32) return fail("AES-256-GCM wants 32 bytes of key");
  Cipher cipher(EVP_CIPHER_CTX_new());
  ByteView associated = as_bytes(kAssociated);
  int size = 0;
  auto tag_size = static_cast<int>(tag.size());
  bool done =
      cipher &&
      EVP_CipherInit_ex2(cipher.get(), EVP_aes_256_gcm(), key.bytes().data(), nonce.data(), encrypt, nullptr) == 1 &&
      EVP_CipherUpdate(cipher.get(), nullptr, &size, associated.data(), static_cast<int>(associated.size())) == 1 &&
      EVP_CipherUpdate(cipher.get(), to.data(), &size, from.data(), static_cast<int>(from.size())) == 1 &&
      (encrypt == 1 || EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1) &&
      EVP_CipherFinal_ex(cipher.get(), to.data() + size, &size) == 1 &&
      (encrypt == 0 || EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, tag.data()) == 1);
  if (!done) return fail(encrypt == 1 ? "AES-256-GCM failed" : "not sealed with this key, or altered");
  return {};
}

Result<TpmAuthorities> open(ByteView bytes, const Secret& key) {
  Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded()) return fail("not JSON");
  TRY(has_exactly(json, {"type", "keyslots", "version", "sealed"}, "it"));
  Bytes sealed = TRY(from_base64(TRY(text_at(json, "sealed"))));
  if (json_of(sealed).dump() != json.dump()) return fail("in another form than ours");
  if (sealed.size() != kNonce + kContent + kTag) return fail("of another size");
  Secret content = TRY(Secret::of_size(kContent));
  std::span<std::uint8_t> all(sealed);
  TRY(crypt(0, key, all.first(kNonce), all.subspan(kNonce, kContent), content.bytes(), all.last(kTag)));
  Secret owner = TRY(Secret::copy_of(content.bytes().first(32)));
  Secret lockout = TRY(Secret::copy_of(content.bytes().last(32)));
  return TpmAuthorities{std::move(owner), std::move(lockout)};
}

}  // namespace

Result<std::string> build_tpm_authority_token(const TpmAuthorities& authorities, const Secret& key) {
  if (authorities.owner.bytes().size() != 32 || authorities.lockout.bytes().size() != 32) {
    return fail("an authorization value of the TPM has 32 bytes here");
  }
  Secret content = TRY(Secret::of_size(kContent));
  std::ranges::copy(authorities.owner.bytes(), content.bytes().begin());
  std::ranges::copy(authorities.lockout.bytes(), content.bytes().begin() + 32);
  Bytes sealed(kNonce + kContent + kTag);
  std::span<std::uint8_t> all(sealed);
  TRY(fill_random(all.first(kNonce)));
  TRY(crypt(1, key, all.first(kNonce), content.bytes(), all.subspan(kNonce, kContent), all.last(kTag)));
  return json_of(sealed).dump();
}

Result<TpmAuthorities> open_tpm_authority_token(ByteView json, const Secret& key) {
  return in("the token with the TPM's authorizations", open(json, key));
}

}  // namespace ashlar
