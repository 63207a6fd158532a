// The read-only root file system.
#pragma once

#include "base/guid.h"
#include "image/workshop.h"

namespace ashlar::image {

// Writes `tree` as an EROFS image to `image`: everything belongs to root:root, bears the fixed date, and is compressed
// with LZ4 in 64 KiB clusters. The same tree gives the same bytes whatever the number of processors.
// Every file has the SELinux label that `file_contexts` gives it.
Status make_erofs(const Workshop& workshop, const fs::path& tree, const fs::path& file_contexts, const fs::path& image,
                  const Guid& uuid);

}  // namespace ashlar::image
