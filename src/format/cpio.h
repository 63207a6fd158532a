// cpio archives in the "newc" format the kernel unpacks as initramfs
// (Documentation/driver-api/early-userspace/buffer-format.rst).
#pragma once

#include "base/bytes.h"

namespace ashlar {

struct CpioNode {
  std::string path;         // relative, "dev/console"
  std::uint32_t mode = 0;   // type and permissions, as stat(2) has them
  ByteView content;         // of a regular file, or the target of a symbolic link
  std::uint32_t major = 0;  // of a device
  std::uint32_t minor = 0;

  static CpioNode directory(std::string path, std::uint32_t permissions);
  static CpioNode file(std::string path, std::uint32_t permissions, ByteView content);
  static CpioNode symlink(std::string path, std::string_view target);
  static CpioNode character_device(std::string path, std::uint32_t permissions, std::uint32_t major,
                                   std::uint32_t minor);
};

// Everything belongs to root:root and dates from 1970; inodes count from 1 in the order given. Errors: an unsafe or
// repeated path, a parent directory that does not come first, a file of 4 GiB or more.
Result<Bytes> build_cpio(std::span<const CpioNode> nodes);

// The nodes of one archive, views into it. Refuses other formats, hard links, anything behind the trailer but zeros
// up to a multiple of 512 bytes.
Result<std::vector<CpioNode>> parse_cpio(ByteView archive);

}  // namespace ashlar
