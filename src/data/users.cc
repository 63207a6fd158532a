#include "data/users.h"

#include <cstdint>

namespace ashlar {
namespace {

constexpr std::size_t kLongestName = 64;  // bytes

// Takes one character off the front; nullopt when it is no UTF-8: cut, longer than it has to be, a surrogate, or too
// large.
std::optional<char32_t> take_character(std::string_view& text) {
  auto lead = static_cast<std::uint8_t>(text[0]);
  std::size_t size = lead < 0x80 ? 1 : lead >> 5 == 0b110 ? 2 : lead >> 4 == 0b1110 ? 3 : lead >> 3 == 0b11110 ? 4 : 0;
  if (size == 0 || text.size() < size) return std::nullopt;
  char32_t code = size == 1 ? lead : lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte >> 6 != 0b10) return std::nullopt;
    code = code << 6 | (byte & 0x3fU);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[size] || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return std::nullopt;
  text.remove_prefix(size);
  return code;
}

// C0, DEL, C1; separators of lines and paragraphs; embeddings, overrides and isolates of the bidirectional algorithm
// (Unicode Standard Annex 9, 2).
bool steers_the_display(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 || code == 0x61c ||
         code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

Result<unsigned> parse_account_name(std::string_view name) {
  if (name.size() != 2 || name[0] != 'u' || name[1] < '1' || name[1] > '8') return fail("for no user of ours");
  return static_cast<unsigned>(name[1] - '0');
}

Status check_person_name(std::string_view name) {
  if (name.empty()) return fail("a name has at least one character");
  if (name.size() > kLongestName) return fail("a name has at most 64 bytes, this one " + std::to_string(name.size()));
  if (name.front() == ' ' || name.back() == ' ') return fail("a name does not begin or end with a blank");
  while (!name.empty()) {
    std::optional<char32_t> code = take_character(name);
    if (!code) return fail("the name is not UTF-8");
    if (steers_the_display(*code)) return fail("a name has no control characters");
  }
  return {};
}

}  // namespace ashlar
