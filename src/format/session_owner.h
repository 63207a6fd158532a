// Whose session it is: what the unlocking program leaves for PID 1 in /run/ashlar/session when /data is open.
//
//     u1 de nodeadkeys
//     - us -
//
// One line: the account whose home is open, layout and variant in the X keyboard database. "-" is nobody, or no
// variant.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar {

inline constexpr char kSessionOwnerFile[] = "/run/ashlar/session";
inline constexpr std::size_t kLongestSessionOwner = 80;  // bytes

struct SessionOwner {
  unsigned user = 0;  // 1 to 8; 0: nobody, there is no session
  std::string layout = "us";
  std::string variant;
  bool home_on_data = true;  // false, which no file says: in /run, gone when the machine is off

  bool operator==(const SessionOwner&) const = default;
};

std::string build_session_owner(const SessionOwner& owner);
// Errors: everything that build_session_owner does not write; a layout or variant that is not 1 to 32 of a-z, 0-9 and
// _.
Result<SessionOwner> parse_session_owner(std::string_view line);

}  // namespace ashlar
