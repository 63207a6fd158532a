// The kernel's switches that no configuration or command line sets (Documentation/admin-guide/sysctl).
#pragma once

#include "sys/kernel.h"

namespace ashlar {

// Before anything is started. One that the kernel does not have or does not take is an error.
Status set_sysctls(Kernel& kernel);

}  // namespace ashlar
