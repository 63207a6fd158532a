#include "ctl/print.h"

#include <unistd.h>

#include <cstdio>
#include <string>

namespace ashlar::ctl {
namespace {

bool moves_a_terminal(std::string_view text, std::size_t at) {
  auto c = static_cast<unsigned char>(text[at]);
  // C1 in UTF-8 is 0xc2 and a byte from 0x80 to 0x9f.
  bool second_of_c1 = at > 0 && static_cast<unsigned char>(text[at - 1]) == 0xc2 && c >= 0x80 && c < 0xa0;
  return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || second_of_c1;
}

}  // namespace

Status print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    return fail_errno("write to standard output");
  }
  return {};
}

Status print_foreign(std::string_view text) {
  if (::isatty(STDOUT_FILENO) == 0) return print(text);
  std::string shown(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (moves_a_terminal(text, i)) shown[i] = '?';
  }
  return print(shown);
}

}  // namespace ashlar::ctl
