// SELinux's policy of the image, from which on every program has a domain and every file a label.
#pragma once

#include "sys/kernel.h"

namespace ashlar {

// Has the kernel take the policy; from here on it is enforced, and this kernel has no way to switch that off. What in
// /dev and /run is older than the policy gets the label it would get if it were made now: the kernel is asked for it.
// Errors: the kernel's.
Status load_selinux_policy(Kernel& kernel, ByteView policy);

}  // namespace ashlar
