// The system without the layers of the kernel: as /init of an initramfs that takes the place of the image's own.
#pragma once

#include <chrono>

#include "base/result.h"

namespace ashlar {
class Kernel;
}

namespace ashlar::cost {

// As src/boot/start.cc goes, but for what makes it safe: the root is mounted without dm-verity, IPE keeps its boot
// policy (the command line has to switch it to watching only), and SELinux gets none. Returns with an error alone.
Status start_bare(Kernel& kernel, std::chrono::milliseconds started);

}  // namespace ashlar::cost
