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

// `services` is the source of PID 1's table (service_source()); empty for an image without services.
Result<DevicePrograms> build_device_programs(const Cache& cache, const Workshop& workshop, const fs::path& source,
                                             Variant variant, const std::string& services);

}  // namespace ashlar::image
