#include "data/keyboard_layouts.h"

#include <algorithm>

namespace ashlar {
namespace {

constexpr NamedLayout kLayouts[] = {
    {"us", "English (US)"},
    {"gb", "English (UK)"},
    {"us(dvorak)", "English (Dvorak)"},
    {"us(colemak)", "English (Colemak)"},
    {"dk(nodeadkeys)", "Danish"},
    {"nl", "Dutch"},
    {"fi(nodeadkeys)", "Finnish"},
    {"fr(nodeadkeys)", "French"},
    {"be(nodeadkeys)", "French (Belgium)"},
    {"ch(fr_nodeadkeys)", "French (Switzerland)"},
    {"de(nodeadkeys)", "German"},
    {"ch(de_nodeadkeys)", "German (Switzerland)"},
    {"it(nodeadkeys)", "Italian"},
    {"no(nodeadkeys)", "Norwegian"},
    {"pl", "Polish"},
    {"br(nodeadkeys)", "Portuguese (Brazil)"},
    {"pt(nodeadkeys)", "Portuguese"},
    {"es(nodeadkeys)", "Spanish"},
    {"se(nodeadkeys)", "Swedish"},
};

}  // namespace

std::span<const NamedLayout> keyboard_layouts() { return kLayouts; }

std::string_view words_of_layout(std::string_view name) {
  const auto* found = std::ranges::find(kLayouts, name, &NamedLayout::name);
  return found == std::end(kLayouts) ? name : found->words;
}

}  // namespace ashlar
