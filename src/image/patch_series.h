// Changes to a source before it is compiled: a directory of patches and the file `series` (series.h) in it.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "image/series.h"
#include "image/workshop.h"

namespace ashlar::image {

struct Patch {
  std::string path;
  std::string text;
};

// Every patch of the series with the content its hash promises. A patch in the directory that the series does not name
// is an error: it would look as if it were applied.
Result<std::vector<Patch>> read_series(const fs::path& directory);

// Applies them to `source` with the workshop's patch(1), at exactly the context they state. One that does not apply is
// an error which names it and says where it failed.
Status apply_series(const Workshop& workshop, const fs::path& source, const std::vector<Patch>& patches);

}  // namespace ashlar::image
