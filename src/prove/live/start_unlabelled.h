// The system without its policies, for `ashlar bench --layers`: as /init of an initramfs in which this program takes
// the place of the image's own.
#pragma once

#include <chrono>

#include "base/result.h"

namespace ashlar {
class Kernel;
}

namespace ashlar::live {

// As src/boot/start.cc goes, but SELinux gets no policy and IPE no other than that it was built with. Returns with an
// error alone.
Status start_unlabelled(Kernel& kernel, std::chrono::milliseconds started);

}  // namespace ashlar::live
