// Who uses this machine: what accounts and people may be called.
#pragma once

#include "base/result.h"
#include "format/user_accounts.h"

namespace ashlar {

// 1 to 8. Errors: anything but "u1" to "u8".
Result<unsigned> parse_account_name(std::string_view name);

// UTF-8 (RFC 3629), 1 to 64 bytes, no blank at either end, and nothing that could make a screen or a terminal show
// something else than was written: no control characters, no separators of lines, no changes of the direction of text.
// The error is a sentence for the person who typed the name.
Status check_person_name(std::string_view name);

}  // namespace ashlar
