#include "session/bar_message.h"

#include <algorithm>

#include "sys/canvas.h"

namespace ashlar {
namespace {

// Marks of direction and invisible characters: with them a notice could rearrange what stands beside it.
bool rearranges(char32_t c) {
  return c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f);
}

std::string shown(std::string_view text) {
  std::string out;
  std::size_t characters = 0;
  while (!text.empty() && characters < kLongestNotice) {
    std::string_view before = text;
    const char32_t c = take_character(text);
    if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == kReplacement || rearranges(c)) continue;
    out += before.substr(0, before.size() - text.size());
    ++characters;
  }
  return out;
}

}  // namespace

BarMessage parse_bar_message(std::string_view datagram) {
  BarMessage message;
  while (!datagram.empty()) {
    std::size_t end = std::min(datagram.find('\n'), datagram.size());
    std::string_view line = datagram.substr(0, end);
    datagram.remove_prefix(std::min(end + 1, datagram.size()));
    for (std::string_view name : {"NOTICE=", "WARNING="}) {
      if (!line.starts_with(name)) continue;
      message.notice = shown(line.substr(name.size()));
      message.warning = name == "WARNING=";
    }
    if (line == "SOUND=1") message.sound = true;
    if (line == "BRIGHTNESS=1") message.brightness = true;
  }
  return message;
}

}  // namespace ashlar
