// The programs of the image that are ours, compiled from this repository by the workshop's clang.
#pragma once

#include "image/cache.h"
#include "image/variant.h"
#include "image/workshop.h"

namespace ashlar::image {

struct DevicePrograms {
  fs::path boot;  // the initramfs's /init, static
  fs::path init;  // PID 1
  Sha256Digest key;
  bool was_cached;
};

Result<DevicePrograms> build_device_programs(const Cache& cache, const Workshop& workshop, const fs::path& source,
                                             Variant variant);

}  // namespace ashlar::image
