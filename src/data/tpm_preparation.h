// What /data needs of the TPM beside a sealed secret.
#pragma once

#include "data/authority_token.h"
#include "data/turn.h"
#include "sys/tpm_storage_key.h"

namespace ashlar {

// The storage root key, what guessing costs, the rollback index: made where they are missing, in steps that can all be
// done again. `known`: owner and lockout authorization of this disk; nullptr when it has none yet. Errors: owned, by
// somebody else; nv_full; interrupted.
Result<TpmStorageKey> prepare_tpm(Tpm& tpm, const SignedImage& image, const TpmAuthorities* known);

// After the volume is open, and at the end of set-up: owner and lockout authorization are set where they are not (a
// power cut may have come between), and no wrong password counts any more.
Status look_after_tpm(Tpm& tpm, const TpmStorageKey& key, const TpmAuthorities& authorities);

}  // namespace ashlar
