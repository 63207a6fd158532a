// Where the host keeps its UEFI firmware, as Debian's `ovmf` package names it.
#pragma once

#include "base/fd.h"

namespace ashlar::vm {

// `enforced` is the build that keeps Secure Boot's variables behind SMM; `absent` is the build without Secure Boot.
enum class SecureBoot { enforced, absent };

struct Firmware {
  fs::path code;       // read-only flash
  fs::path variables;  // template of the writable flash: no keys enrolled, so the machine starts in setup mode
};

// Looks in `directories`, by default where Debian puts it. The error says which package to install.
Result<Firmware> find_firmware(SecureBoot secure_boot);
Result<Firmware> find_firmware(SecureBoot secure_boot, const fs::path& directory);

}  // namespace ashlar::vm
