// Text that may be an attacker's (a label on a disk, an error that quotes it) made harmless for a reader's terminal.
#pragma once

#include <string>
#include <string_view>

namespace ashlar {

// '?' for every control character (C0, DEL, C1: ECMA-48) and for what is no UTF-8.
std::string printable(std::string_view text);

}  // namespace ashlar
