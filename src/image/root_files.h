// Files of an image's root, read out of the EROFS by its own tools in the workshop. Nothing of it is believed.
#pragma once

#include "image/workshop.h"

namespace ashlar::image {

// The content of one file, by its path in the image. A disk that is no image, or has no such file, is an error.
Result<std::string> read_root_file(const Workshop& workshop, const fs::path& image, std::string_view path);

// All of them, into the directory `to`.
Status extract_root(const Workshop& workshop, const fs::path& image, const fs::path& to);

}  // namespace ashlar::image
