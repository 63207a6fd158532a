// First boot: a machine without /data gets one.
#pragma once

#include "data/turn.h"

namespace ashlar {

// Asks, makes, shows the recovery key; /data is mounted and the home open afterwards. Interrupted anywhere before the
// partition is completed, the next boot starts again. Errors: TurnEnd (skipped among them); nobody can answer.
Status first_boot(Turn& turn);

}  // namespace ashlar
