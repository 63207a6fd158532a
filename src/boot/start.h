// The way from the kernel's start to PID 1 of the verified root.
#pragma once

#include "sys/kernel.h"

namespace ashlar {

// Takes every step in order. Comes back only with the error that stopped it.
Status start_system(Kernel& kernel);

}  // namespace ashlar
