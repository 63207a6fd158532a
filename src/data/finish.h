// The end of a turn that opened /data.
#pragma once

#include "data/authority_token.h"
#include "data/homes.h"
#include "data/opened.h"
#include "data/turn.h"

namespace ashlar {

// The TPM's owner and lockout authorization of this disk; nullopt where set-up had no TPM.
Result<std::optional<TpmAuthorities>> authorities_of(const UnlockedVolume& volume);
Result<TpmAuthorities> random_authorities();

// The TPM is looked after and told that the machine may go, and two files are written: whose session it is, for PID 1
// (format/session_owner.h), and for programs that tell something {"user": "u1", "name": "Anna", "keyboard": "us",
// "tpm": true}; "user" and "name" are null when nobody's home is open.
Status finish(Turn& turn, Opened& opened);

}  // namespace ashlar
