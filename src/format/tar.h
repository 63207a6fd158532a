// tar archives as dpkg-deb writes them: ustar with GNU long names, and pax paths and sizes (POSIX.1-2017, pax).
#pragma once

#include <optional>

#include "base/bytes.h"

namespace ashlar {

enum class TarType { kFile, kHardLink, kSymlink, kCharacterDevice, kBlockDevice, kDirectory, kFifo };

struct TarEntry {
  std::string path;  // as stored, see safe_path()
  TarType type = TarType::kFile;
  std::uint32_t mode = 0;  // permissions, set-id and sticky bits
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::int64_t mtime = 0;  // seconds since 1970
  std::string link;        // target of a hard or symbolic link, as stored
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  ByteView content;  // of a file
};

// Reads an uncompressed archive entry by entry. Views stay in the archive.
class TarReader {
 public:
  explicit TarReader(ByteView archive) : rest_(archive) {}

  // The next entry, nullopt behind the last one. Errors: a wrong checksum, an entry that is cut off, a type or pax
  // keyword we do not know, a name of more than 4096 bytes, an archive that does not end in zeros.
  Result<std::optional<TarEntry>> next();

 private:
  ByteView rest_;
};

// The path without "./" and trailing "/", "" for the archive's root. Refuses absolute paths, "..", empty components and
// NUL: joining it to a directory never leaves that directory.
Result<std::string> safe_path(std::string_view stored);

}  // namespace ashlar
