// The ext4 of /data, made and checked by e2fsprogs: nothing here knows the format.
#pragma once

#include "base/fd.h"

namespace ashlar {

// What was on the device is lost.
Status make_ext4(const fs::path& device);
// Replays the journal and repairs what can be repaired without a question to anybody (e2fsck -p). Quick where nothing
// is wrong. The error quotes e2fsck, and nothing was mounted.
Status check_ext4(const fs::path& device);

}  // namespace ashlar
