// FAT32 volumes as the ESP has them (Microsoft FAT specification 1.03), read whole and strictly. Writing is mtools'.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace ashlar {

struct FatFile {
  std::string path;  // "EFI/BOOT/BOOTX64.EFI"; names as stored, long ones in UTF-8
  Bytes content;
};

// Every file of the volume, in the order of its directories. Errors: not FAT32, a chain of clusters that leaves the
// volume, ends early or meets another one, a name that is no UTF-16, directories nested deeper than 16 or larger
// than 2 MiB, paths of more than 1024 bytes, more than 4096 files, a volume of more than 1 GiB. A cluster belongs to
// one chain only, so the result is never larger than the volume.
Result<std::vector<FatFile>> read_fat32(ByteView volume);

}  // namespace ashlar
