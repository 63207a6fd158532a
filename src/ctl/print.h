// What ashlarctl prints.
#pragma once

#include <string_view>

#include "base/result.h"

namespace ashlar::ctl {

Status print(std::string_view text);
// What another program wrote: to a terminal with '?' for what would move it, C0 and C1 but line ends and tabs
// (ECMA-48); to a file as it is.
Status print_foreign(std::string_view text);

}  // namespace ashlar::ctl
