// Sealing a secret to a policy and an authorization value, and getting it back.
#pragma once

#include <functional>

#include "sys/sealed_blobs.h"
#include "sys/tpm_policy_steps.h"

namespace ashlar {

// Seals `secret` (at most 128 bytes; ours have 32) under the storage root key. It comes out only through a session with
// this policy, and `auth` (at most 32 bytes), which the policy must ask for (PolicyAuthValue). Protected against
// guessing: wrong values count.
Result<SealedBlobs> seal(Tpm& tpm, const TpmStorageKey& key, const Secret& secret, const Secret& auth,
                         const Sha256Digest& policy);

// The secret, after `satisfy_policy` has led a policy session through what the secret was sealed to.
Result<Secret> unseal_with(Tpm& tpm, const TpmStorageKey& key, const SealedBlobs& blobs, const Secret& auth,
                           const std::function<Status(TpmSession&)>& satisfy_policy);

// The secret of /data. Errors: every TpmFailure of a step; wrong_auth (one more try is used up), locked_out, damaged.
Result<Secret> unseal(Tpm& tpm, const TpmStorageKey& key, const SealedBlobs& blobs, const Secret& auth,
                      const UnsealSteps& steps);

}  // namespace ashlar
