// The one time the recovery key is seen.
#pragma once

#include "data/prompt.h"
#include "data/recovery_key.h"

namespace ashlar {

// Shows it, and has it typed back from what was written down; comes back when that was right.
Status recovery_ceremony(Prompter& prompter, const Secret& recovery_key);

}  // namespace ashlar
