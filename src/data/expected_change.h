// An announced change of firmware or Secure Boot keys: one start is let through with registers nobody knows yet. The
// TPM's secret is sealed a second time, to the same policy without the firmware's registers (token.h, "expecting").
#pragma once

#include "data/opened.h"
#include "data/turn.h"

namespace ashlar {

// Makes the second seal, of the user who stands at the prompt.
Status expect_change(Turn& turn, Opened& opened);
// At the start after it: used or not, it is taken away; what was used is enrolled. Failures are told. Errors: nobody
// can answer.
Status settle_expected_change(Turn& turn, Opened& opened);

// The TPM to seal to, as it was set up: its storage key has this name. Errors: cleared.
Result<SealingTpm> sealing_tpm(Turn& turn, const TpmName& storage_key);

}  // namespace ashlar
