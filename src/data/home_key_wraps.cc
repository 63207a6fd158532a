#include "data/home_key_wraps.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "base/random.h"

namespace ashlar {
namespace {

constexpr std::string_view kRecoveryLabel = "ashlar home recovery";
constexpr std::string_view kRecoveryWrapLabel = "ashlar home recovery wrap";
constexpr std::size_t kKeySize = 32;  // of X25519, private, public and shared

struct KeyRelease {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyRelease>;

std::string associated(std::string_view kind, const UserRecord& record) {
  return "ashlar home 1 " + std::string(kind) + " " + account_name(record.user) + " " + to_hex(record.home);
}

Status check_home_key(const Secret& key) {
  if (key.bytes().size() != kHomeKeySize) return fail("a home's key has 64 bytes");
  return {};
}

Result<Key> private_key(const Secret& bytes) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes.bytes().data(), bytes.bytes().size()));
  if (!key) return fail("X25519: no private key");
  return key;
}

Result<RecoveryPublicKey> public_half(EVP_PKEY* key) {
  RecoveryPublicKey bytes{};
  std::size_t size = bytes.size();
  if (EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) != 1 || size != bytes.size()) {
    return fail("X25519: no public key");
  }
  return bytes;
}

Result<Key> recovery_private_key(const Secret& recovery_key) {
  if (recovery_key.bytes().size() != 32) return fail("a recovery key has 32 bytes");
  Secret bytes = TRY(hkdf_sha512({.key = recovery_key.bytes(), .salt = {}, .label = kRecoveryLabel}, kKeySize));
  return private_key(bytes);
}

// The key that both sides come to: one from its own private half and the other's public one.
Result<Secret> agree(EVP_PKEY* own, const RecoveryPublicKey& other, const RecoveryPublicKey& ephemeral,
                     const RecoveryPublicKey& recovery) {
  Key peer(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, other.data(), other.size()));
  std::unique_ptr<EVP_PKEY_CTX, KeyRelease> context(EVP_PKEY_CTX_new(own, nullptr));
  Secret shared = TRY(Secret::of_size(kKeySize));
  std::size_t size = kKeySize;
  // OpenSSL refuses a shared secret of zeros (RFC 7748, 6.1).
  if (!peer || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(context.get(), shared.bytes().data(), &size) != 1 || size != kKeySize) {
    return fail("X25519: no key agreement with this public key");
  }
  std::string label(kRecoveryWrapLabel);
  label.append(as_text(ephemeral)).append(as_text(recovery));
  return hkdf_sha512({.key = shared.bytes(), .salt = {}, .label = label}, kAeadKeySize);
}

Result<Secret> open_to_recovery(const UserRecord& record, const Secret& recovery_key) {
  ByteView wrapped(record.recovery);
  if (wrapped.size() != kRecoveryWrapSize) return fail("of another size");
  RecoveryPublicKey ephemeral{};
  std::ranges::copy(wrapped.first(kKeySize), ephemeral.begin());
  Key own = TRY(recovery_private_key(recovery_key));
  Secret key = TRY(agree(own.get(), ephemeral, ephemeral, TRY(public_half(own.get()))));
  return aead_open(key, wrapped.subspan(kKeySize), kHomeKeySize, associated("recovery", record));
}

}  // namespace

Result<PasswordWrap> wrap_by_password(const UserRecord& record, const Secret& key, const HomePassword& password) {
  TRY(check_home_key(key));
  Bytes sealed = TRY(aead_seal(password.home, key, associated("password", record)));
  return PasswordWrap{password.parameters, std::move(sealed)};
}

Result<UnwrappedHome> unwrap_by_password(const UserRecord& record, const Secret& home) {
  for (std::size_t i = 0; i < record.wraps.size(); ++i) {
    Result<Secret> key = aead_open(home, record.wraps[i].sealed, kHomeKeySize, associated("password", record));
    if (key) return UnwrappedHome{std::move(*key), i};
  }
  return std::unexpected(
      Error("this is not the password of " + record.name + "'s home").as(HomeFailure::wrong_password));
}

Result<RecoveryPublicKey> recovery_public_key(const Secret& recovery_key) {
  Key key = TRY(recovery_private_key(recovery_key));
  return public_half(key.get());
}

Result<Bytes> wrap_to_recovery(const UserRecord& record, const Secret& key, const RecoveryPublicKey& recovery) {
  TRY(check_home_key(key));
  Secret bytes = TRY(random_secret(kKeySize));
  Key own = TRY(private_key(bytes));
  RecoveryPublicKey ephemeral = TRY(public_half(own.get()));
  Secret wrapping = TRY(agree(own.get(), recovery, ephemeral, recovery));
  Bytes wrapped(ephemeral.begin(), ephemeral.end());
  append(wrapped, TRY(aead_seal(wrapping, key, associated("recovery", record))));
  return wrapped;
}

Result<Secret> unwrap_by_recovery(const UserRecord& record, const Secret& recovery_key) {
  Result<Secret> key = open_to_recovery(record, recovery_key);
  if (!key) {
    return std::unexpected(Error("the recovery key does not open " + record.name + "'s home: " + key.error().message())
                               .as(HomeFailure::wrong_recovery_key));
  }
  return key;
}

}  // namespace ashlar
