// The kernel's log, as it is now (Documentation/ABI/testing/dev-kmsg).
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"

namespace ashlar {

// The text of each record there is, the oldest first, without its number, time and the lines of its dictionary. Bytes
// that are no text are \xHH, as the kernel writes them. For root with CAP_SYSLOG.
Result<std::vector<std::string>> read_kernel_log(const fs::path& device = "/dev/kmsg");

// The text in what one read of the device gave; empty when it is no record.
std::string_view text_of_record(std::string_view record);

}  // namespace ashlar
