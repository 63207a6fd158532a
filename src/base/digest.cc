#include "base/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

namespace ashlar {
namespace {

// Looked up once: fetching an algorithm costs more than hashing a block.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

// OpenSSL fails here only when memory is exhausted or the library is broken: no digest could be trusted then.
void require(int openssl_result) {
  if (openssl_result != 1) std::abort();
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  require(EVP_DigestInit_ex2(state_->context, sha256_algorithm(), nullptr));
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(ByteView bytes) {
  require(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
  return *this;
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  require(EVP_DigestFinal_ex(state_->context, digest.bytes.data(), nullptr));
  return digest;
}

Sha256Digest sha256(ByteView bytes) { return Sha256().update(bytes).finish(); }

Result<Sha256Digest> parse_sha256(std::string_view hex) {
  Bytes bytes = TRY(from_hex(hex));
  Sha256Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return fail("a SHA-256 has 64 hexadecimal digits, this has " + std::to_string(hex.size()));
  }
  std::ranges::copy(bytes, digest.bytes.begin());
  return digest;
}

}  // namespace ashlar
