// Changes to a source before it is compiled: a directory of patches and the file `series` in it.
//
// The series has a line for each patch, in the order they are applied, as sha256sum prints it: "<SHA-256>  <path>".
// Lines that begin with # are comments, empty lines nothing. The path is below the directory, so that a series of
// somebody else's can lie in a folder of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/fd.h"
#include "image/workshop.h"

namespace ashlar::image {

struct SeriesEntry {
  std::string path;  // relative to the series' directory, never out of it
  Sha256Digest sha256;

  bool operator==(const SeriesEntry&) const = default;
};

struct Patch {
  std::string path;
  std::string text;
};

// Errors name the line. The input may be anything.
Result<std::vector<SeriesEntry>> parse_series(std::string_view text);

// Every patch of the series with the content its hash promises. A patch in the directory that the series does not name
// is an error: it would look as if it were applied.
Result<std::vector<Patch>> read_series(const fs::path& directory);

// Applies them to `source` with the workshop's patch(1), at exactly the context they state. One that does not apply is
// an error which names it and says where it failed.
Status apply_series(const Workshop& workshop, const fs::path& source, const std::vector<Patch>& patches);

}  // namespace ashlar::image
