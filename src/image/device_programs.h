// The programs of the image that are ours, compiled from this repository by the workshop's clang.
#pragma once

#include <vector>

#include "image/cache.h"
#include "image/own_programs.h"
#include "image/variant.h"
#include "image/workshop.h"

namespace ashlar::image {

struct DeviceProgram {
  OwnProgram program;
  fs::path file;     // in the cache
  Sha256Digest key;  // of what it was compiled from
};

// Where it lies; an error when it is not among them.
Result<fs::path> file_of(const std::vector<DeviceProgram>& programs, const OwnProgram& program);

// All programs of one toolset.
struct DevicePrograms {
  std::vector<DeviceProgram> programs;  // in kOwnPrograms' order
  fs::path entry;                       // where the cache has them
  bool was_cached;
};

// `tools`: the workshop, or the sdk's tree. `services` is the source of PID 1's table (service_source()); empty for an
// image without services.
Result<DevicePrograms> build_device_programs(const Cache& cache, const Workshop& tools, Toolset toolset,
                                             const fs::path& source, Variant variant, const std::string& services);

}  // namespace ashlar::image
