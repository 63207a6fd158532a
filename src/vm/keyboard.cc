#include "vm/keyboard.h"

#include <array>
#include <string_view>

namespace ashlar::vm {
namespace {

struct Key {
  char plain;
  char shifted;
  std::string_view name;
};
constexpr std::array<Key, 21> kKeys = {{
    {'1', '!', "1"},
    {'2', '@', "2"},
    {'3', '#', "3"},
    {'4', '$', "4"},
    {'5', '%', "5"},
    {'6', '^', "6"},
    {'7', '&', "7"},
    {'8', '*', "8"},
    {'9', '(', "9"},
    {'0', ')', "0"},
    {'-', '_', "minus"},
    {'=', '+', "equal"},
    {'[', '{', "bracket_left"},
    {']', '}', "bracket_right"},
    {';', ':', "semicolon"},
    {'\'', '"', "apostrophe"},
    {'`', '~', "grave_accent"},
    {'\\', '|', "backslash"},
    {',', '<', "comma"},
    {'.', '>', "dot"},
    {'/', '?', "slash"},
}};

}  // namespace

std::optional<std::vector<std::string>> keys_for(char c) {
  if (c >= 'a' && c <= 'z') return {{std::string(1, c)}};
  if (c >= 'A' && c <= 'Z') return {{"shift", std::string(1, static_cast<char>(c - 'A' + 'a'))}};
  if (c == ' ') return {{"spc"}};
  if (c == '\n') return {{"ret"}};
  if (c == '\t') return {{"tab"}};
  if (c == '\b') return {{"backspace"}};
  if (c == '\x1b') return {{"esc"}};
  for (const Key& key : kKeys) {
    if (c == key.plain) return {{std::string(key.name)}};
    if (c == key.shifted) return {{"shift", std::string(key.name)}};
  }
  return std::nullopt;
}

}  // namespace ashlar::vm
