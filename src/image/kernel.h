// The kernel: Debian's source, the patches of os/kernel, our fragments, the workshop's clang.
#pragma once

#include "image/cache.h"
#include "image/workshop.h"

namespace ashlar::image {

struct KernelImage {
  fs::path bzimage;
  fs::path config;      // the final .config
  std::string release;  // "7.3.4-ashlar"
  bool was_cached;
};

// Builds os/kernel's configuration, or takes it from the cache when source, patches, fragments, policy and
// workshop are the same. `source` is the package linux-source-7.3. A fragment's line that does not hold in the final
// configuration is an error that names it.
Result<KernelImage> build_kernel(const Cache& cache, const Workshop& workshop, const std::vector<PackageFile>& source,
                                 const Sha256Digest& source_key, const fs::path& os);

// Every line of `fragments` that `config` contradicts: "CONFIG_X=y: is not set". Empty when all hold.
std::vector<std::string> unmet_lines(std::string_view fragments, std::string_view config);

}  // namespace ashlar::image
