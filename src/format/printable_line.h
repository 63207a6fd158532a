// Of what a program said, what a terminal shows as it is: nobody's words move the reader's cursor.
#pragma once

#include <string>
#include <string_view>

namespace ashlar {

// The printable ASCII characters of `text`, the first `limit` of them.
inline std::string printable_line(std::string_view text, std::size_t limit) {
  std::string line;
  for (char c : text) {
    if (line.size() == limit) break;
    if (c >= ' ' && c <= '~') line.push_back(c);
  }
  return line;
}

}  // namespace ashlar
