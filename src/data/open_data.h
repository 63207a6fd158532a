// Every boot of a machine that has /data.
#pragma once

#include "data/turn.h"

namespace ashlar {

// Asks until the volume is open, mounts it, opens the home, carries out what waits. Errors: TurnEnd; what stands in the
// way, in words; nobody can answer.
Status open_data(Turn& turn, const fs::path& device);

}  // namespace ashlar
