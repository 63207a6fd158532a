// The LUKS2 token of a user (docs/FORMATS.md, "/data"): what the unlocking program needs beside the password.
//
//     {"type": "ashlar", "keyslots": ["1"], "version": 1, "user": "u1",
//      "argon2id": {"memory_kib": 524288, "passes": 3, "lanes": 4, "salt": "<base64, 32 bytes>"},
//      "tpm": {"storage_key": "<name, hexadecimal>", "pcrs": {"0": "<SHA-256>", "2": ..., "7": ...},
//              "public": "<base64>", "private": "<base64>", "expecting": null}}
//
// "tpm" is null on a machine that had none at set-up; "expecting" is null, or {"public", "private"} between an
// announced change of the firmware and the start after it. Nothing in it is secret. It is authenticated by the header's
// HMAC, but only once the volume is open: what is used before that can be anybody's, and is bounded here.
#pragma once

#include "data/password_key.h"
#include "data/users.h"
#include "format/tpm_policy.h"
#include "sys/sealed_blobs.h"

namespace ashlar {

struct EnrolledTpm {
  TpmName storage_key;  // pinned: a TPM with another one is not this machine's, or was cleared
  PcrValues enrolled;   // exactly PCR 0, 2 and 7
  SealedBlobs secret;
  // The same secret, sealed to a policy without firmware registers, for the one start after an announced change.
  std::optional<SealedBlobs> expecting = std::nullopt;

  bool operator==(const EnrolledTpm&) const = default;
};

struct UserToken {
  unsigned user = 1;  // 1 to 8
  unsigned keyslot = 0;
  Argon2idParameters password;
  std::optional<EnrolledTpm> tpm;

  bool operator==(const UserToken&) const = default;
};

constexpr std::size_t kLargestUserToken = 4096;  // bytes; ours have about 1,000, or 1,500

std::string build_user_token(const UserToken& token);
// Errors: everything that build_user_token does not write, another version among it.
Result<UserToken> parse_user_token(ByteView json);

}  // namespace ashlar
