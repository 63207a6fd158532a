// The keyboard layouts first boot offers, by their names in the X keyboard database. Where a layout has dead keys the
// variant without is taken: a prompt that shows dots cannot show half a character.
#pragma once

#include <span>
#include <string_view>

namespace ashlar {

struct NamedLayout {
  std::string_view name;   // "de(nodeadkeys)"
  std::string_view words;  // "German"
};

// The first is the default.
std::span<const NamedLayout> keyboard_layouts();
// The words for a name; the name itself for one that is not offered.
std::string_view words_of_layout(std::string_view name);

}  // namespace ashlar
