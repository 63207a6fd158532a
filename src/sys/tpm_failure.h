// Why the TPM refused, in a form programs can act on and people can read. Every Error of src/sys/tpm* carries one:
// error.kind<TpmFailure>().
#pragma once

#include <cstdint>

#include "base/result.h"

namespace ashlar {

enum class TpmFailure {
  absent,                // no device, or nothing answers on it
  interrupted,           // it stopped answering, or answered nonsense, in the middle; open it anew
  owned,                 // owner or lockout authorization is set, and not to what was given
  cleared,               // the storage root key is gone or another one: what was sealed under it is lost
  wrong_auth,            // an authorization value was wrong; for what is protected against guessing it was counted
  locked_out,            // too many wrong values; TpmLockout says for how long
  image_not_signed,      // PCR 11, 12 and 13 are not what the owner's key signed
  image_retired,         // a bit of the rollback index above the image's epoch is set
  rollback_index_wrong,  // the index is missing, was never written, or is another one under the same handle
  firmware_changed,      // PCR 0, 2 or 7 differs from what was enrolled
  already_unlocked,      // PCR 15 is no longer zero: the unlocking program of this boot has ended
  policy,                // every step was taken, and the object was sealed for other ones
  damaged,               // a sealed object that this key did not make, or that was altered
  nv_full,               // no room for another persistent key or NV index
  other,
};

// What `command` met: the words for a return code of libtss2 (TSS 2.0 Overview, 3.7; TPM 2.0 Library, Part 2, 6.6), the
// code in hexadecimal behind them.
Error tpm_error(std::string_view command, std::uint32_t code);

// The code without what tells which parameter, handle or session it is about: comparable to TPM2_RC_...
std::uint32_t tpm_base_code(std::uint32_t code);

}  // namespace ashlar
