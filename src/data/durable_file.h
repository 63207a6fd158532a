// Small files that survive a power cut whole: the old content or the new, and once the call has returned, the new.
#pragma once

#include "base/fd.h"

namespace ashlar {

// What was renamed, made or deleted in the directory is on the disk.
Status sync_directory(const fs::path& directory);

// write_file(), and its name is on the disk too. What a power cut left of an earlier call is gone. `mode` from the
// start: nobody else ever reads it.
Status write_durably(const fs::path& path, ByteView bytes, mode_t mode);
// A file that is not there is as good as a deleted one.
Status delete_durably(const fs::path& path);
// Deletes what a power cut left of write_durably() beside `path`; best effort.
void remove_strays(const fs::path& path);

// A directory that is there already is as good as a new one, but gets the mode.
Status make_directory(const fs::path& directory, mode_t mode);

}  // namespace ashlar
