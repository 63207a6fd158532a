// Where the parts of a file lie in the image's EROFS, as dump.erofs of the workshop tells.
#pragma once

#include "prove/lab.h"

namespace ashlar::prove {

// Offsets on the disk.
struct FilePlaces {
  std::uint64_t inode = 0;
  Extent data;  // the first extent, compressed as it is stored
};
// `path` is absolute in the image. Errors: no such file, or output of dump.erofs that is not understood.
Result<FilePlaces> locate_file(const Lab& lab, const std::string& path);

// Whether a directory of the image has a file of this name.
Result<bool> has_file(const Lab& lab, const std::string& directory, const std::string& name);

// The middle of the longest run of printable characters in `stored`: in LZ4 data these are literals, so that a bit
// changed there changes one character of the file and nothing else.
Result<std::size_t> readable_place(ByteView stored);

// The SHA-256 of a file's content.
Result<std::string> digest_of_file(const Lab& lab, const std::string& path);

}  // namespace ashlar::prove
