// `data boot-good`: this start of the image was good, so images that were retired by its epoch open /data no longer.
#pragma once

#include "data/turn.h"

namespace ashlar {

// Sets the image's own bit in the rollback index, where it is not set yet, and tells the TPM that the machine may go:
// the next start costs no try. What was done, for the log; nothing where /data needs no TPM. Errors: those of the TPM;
// an image without policies.
Result<std::string> mark_boot_good(Storage& storage, TurnTpm& tpm, const std::optional<SignedImage>& image);

}  // namespace ashlar
