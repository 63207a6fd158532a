// The orderly end.
#pragma once

#include "sys/kernel.h"

namespace ashlar {

// Asks every process to end, makes those end that do not, unmounts what PID 1 mounted in reverse order, leaves.
// Comes back only when the kernel refuses to go.
void shut_down(Kernel& kernel, PowerState state);

}  // namespace ashlar
