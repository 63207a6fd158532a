// SELinux's intermediate language as far as the builder reads it: lists in parentheses, and where each begins. What the
// statements mean is secilc's business.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::image {

// A word, or a list of them. A quoted word stands without its quotation marks.
struct CilNode {
  std::string word;  // empty for a list
  std::vector<CilNode> list;
  unsigned line = 0;  // where it begins, from 1

  // The list's word at `place`, or "" where there is no such word.
  [[nodiscard]] std::string_view at(std::size_t place) const;
};

// The statements of a file. `file` is only for messages: "FILE:LINE: ...". Errors are misuse.
Result<std::vector<CilNode>> parse_cil(std::string_view text, std::string_view file);

}  // namespace ashlar::image
