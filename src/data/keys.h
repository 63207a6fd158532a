// What a person did at a keyboard or a terminal, decoded: what an editor of a line understands.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

namespace ashlar {

enum class Key : std::uint8_t {
  text,  // a character, or a byte of one
  enter,
  erase,         // backspace
  clear,         // Ctrl-U
  end_of_input,  // Ctrl-D
  escape,
  up,
  down,
  other,  // a key that means nothing here
};

// May be part of a password: wiped where it ends.
struct KeyPress {
  Key key = Key::other;
  std::array<char, 8> utf8{};  // Key::text: one character, or a byte of one where the device tells bytes
  std::uint8_t size = 0;       // bytes of it

  ~KeyPress() { ::explicit_bzero(utf8.data(), utf8.size()); }
  [[nodiscard]] std::string_view text() const { return {utf8.data(), size}; }
};

using KeySink = std::function<void(const KeyPress&)>;

}  // namespace ashlar
