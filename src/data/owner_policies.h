// From what an image carries (.pcrsig, .pcrpkey) to what the TPM is led through. Nothing is verified here: the TPM
// does.
#pragma once

#include "format/pcr_signature.h"
#include "format/rsa_public_key.h"
#include "sys/tpm_policy_steps.h"

namespace ashlar {

// The way to the secret of /data for this image, on a machine with these firmware registers enrolled.
UnsealSteps unseal_steps(const PcrSignature& signature, const RsaPublicKey& owner, const PcrValues& enrolled);

// What allows setting the image's own bit in the rollback index, and the write of no bit that makes a new index usable.
SignedPolicy rollback_write_policy(const PcrSignature& signature, const RsaPublicKey& owner);
SignedPolicy rollback_first_write_policy(const PcrSignature& signature, const RsaPublicKey& owner);

// The rollback index as it is on this machine: made and written at set-up, where that was interrupted continued.
// Errors: rollback_index_wrong, when something else has the handle; those of its steps.
Status prepare_rollback_index(Tpm& tpm, const TpmStorageKey& key, const Secret* owner_auth,
                              const PcrSignature& signature, const RsaPublicKey& owner);

// Sets the bit of the image's epoch, once its boot was good: images of lower epochs are retired from then on. Nothing
// is written when it is set already.
Status retire_older_images(Tpm& tpm, const TpmStorageKey& key, const PcrSignature& signature,
                           const RsaPublicKey& owner);

// Why this image cannot open /data, asked before a password is: nullopt when nothing speaks against it. Not
// authenticated, for telling; the TPM decides.
Result<std::optional<Error>> foreseeable_refusal(Tpm& tpm, const TpmStorageKey& key, const UnsealSteps& steps);

}  // namespace ashlar
