// The file `series` of a directory of patches: a line for each, in the order they are applied, as sha256sum prints it:
// "<SHA-256>  <path>". Lines that begin with # are comments, empty lines nothing. The path is below the directory, so
// that a series of somebody else's can lie in a folder of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace ashlar::image {

struct SeriesEntry {
  std::string path;  // relative to the series' directory, never out of it; ends with ".patch"
  Sha256Digest sha256;

  bool operator==(const SeriesEntry&) const = default;
};

// Errors name the line. The input may be anything.
Result<std::vector<SeriesEntry>> parse_series(std::string_view text);

}  // namespace ashlar::image
