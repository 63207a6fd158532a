// A home's key, wrapped: by a password's `home` part, and to the recovery key (docs/FORMATS.md, "/data"). What is
// sealed says whose it is, so that a wrap moved into another record opens nothing there.
#pragma once

#include "data/aead.h"
#include "data/homes.h"

namespace ashlar {

constexpr std::size_t kMostPasswordWraps = 2;
constexpr std::size_t kPasswordWrapSize = kAeadOverhead + kHomeKeySize;
constexpr std::size_t kRecoveryWrapSize = 32 + kPasswordWrapSize;  // with the ephemeral public key in front

// `record`: user and home are read. `key`: kHomeKeySize bytes.
Result<PasswordWrap> wrap_by_password(const UserRecord& record, const Secret& key, const HomePassword& password);
// Tries the record's wraps. Errors: HomeFailure::wrong_password.
struct UnwrappedHome {
  Secret key;
  std::size_t wrap;  // which one opened
};
Result<UnwrappedHome> unwrap_by_password(const UserRecord& record, const Secret& home);

// X25519 (RFC 7748) with an ephemeral key; HKDF-SHA-512 over the shared secret, with both public keys in its info;
// AES-256-GCM.
Result<Bytes> wrap_to_recovery(const UserRecord& record, const Secret& key, const RecoveryPublicKey& recovery);
// Errors: HomeFailure::wrong_recovery_key.
Result<Secret> unwrap_by_recovery(const UserRecord& record, const Secret& recovery_key);

}  // namespace ashlar
