// The way from the kernel's start to PID 1 of the verified root.
#pragma once

#include <chrono>

#include "sys/kernel.h"

namespace ashlar {

// Takes every step in order; PID 1 is told when this program `started` (base/monotonic.h). Comes back only with the
// error that stopped it.
Status start_system(Kernel& kernel, std::chrono::milliseconds started);

}  // namespace ashlar
