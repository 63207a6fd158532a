// After the recovery key was right: the password is made to work again, where the person wants that.
#pragma once

#include "data/opened.h"
#include "data/turn.h"

namespace ashlar {

// /data is mounted. Failures are told; the person may go on without. Errors: TurnEnd; nobody can answer.
Status after_recovery(Turn& turn, Opened& opened);

}  // namespace ashlar
