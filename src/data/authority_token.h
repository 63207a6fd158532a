// The LUKS2 token with the TPM's owner and lockout authorization (docs/FORMATS.md, "/data"): random values of set-up,
// which only who has opened the volume can read.
//
//     {"type": "ashlar-tpm", "keyslots": [], "version": 1, "sealed": "<base64: nonce, 12; owner, 32, and lockout, 32,
//      encrypted; tag, 16 bytes>"}
//
// AES-256-GCM with the token's type and version as associated data, under a key from the volume key
// (UnlockedVolume::derive_key with kTpmAuthorityLabel).
#pragma once

#include "base/bytes.h"
#include "base/secret.h"

namespace ashlar {

constexpr std::string_view kTpmAuthorityLabel = "ashlar tpm authority";

struct TpmAuthorities {
  Secret owner;    // 32 bytes
  Secret lockout;  // 32 bytes
};

// `key`: 32 bytes.
Result<std::string> build_tpm_authority_token(const TpmAuthorities& authorities, const Secret& key);
Result<TpmAuthorities> open_tpm_authority_token(ByteView json, const Secret& key);

}  // namespace ashlar
