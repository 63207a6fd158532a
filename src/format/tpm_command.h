// TPM 2.0 commands simple enough for programs that link no TSS: PID 1 knows exactly two.
#pragma once

#include "base/digest.h"

namespace ashlar {

// TPM2_PCR_Extend of the SHA-256 bank with the empty authorization every PCR has (TPM 2.0 Library, Part 3, 22.2; Part
// 1, 18.6 for the command's layout). `pcr` is 0 to 23.
Bytes build_pcr_extend(std::uint32_t pcr, const Sha256Digest& digest);

// TPM2_Shutdown(CLEAR) (Part 3, 9.4): the next start is an orderly one, if nothing changes the TPM's state after it.
Bytes build_tpm_shutdown();

// An answer without parameters: an error unless it is whole and says TPM_RC_SUCCESS.
Status check_tpm_answer(ByteView answer);

}  // namespace ashlar
