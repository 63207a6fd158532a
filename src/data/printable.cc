#include "data/printable.h"

#include "sys/canvas.h"

namespace ashlar {

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::string_view before = text;
    char32_t character = take_character(text);
    bool control = character < 0x20 || (character >= 0x7f && character < 0xa0) || character == kReplacement;
    out += control ? "?" : before.substr(0, before.size() - text.size());
  }
  return out;
}

}  // namespace ashlar
