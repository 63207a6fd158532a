#include "data/key_decoder.h"

#include <linux/input-event-codes.h>

#include <algorithm>

namespace ashlar {
namespace {

constexpr unsigned kXkbOffset = 8;  // the X protocol's key codes start there

struct Unref {
  void operator()(xkb_context* context) const { xkb_context_unref(context); }
  void operator()(xkb_keymap* keymap) const { xkb_keymap_unref(keymap); }
  void operator()(xkb_state* state) const { xkb_state_unref(state); }
};

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Key key_of(xkb_keysym_t symbol, bool control) {
  switch (symbol) {
    case XKB_KEY_Return:
    case XKB_KEY_KP_Enter:
    case XKB_KEY_ISO_Enter:
      return Key::enter;
    case XKB_KEY_BackSpace:
      return Key::erase;
    case XKB_KEY_Escape:
      return Key::escape;
    case XKB_KEY_Up:
    case XKB_KEY_KP_Up:
      return Key::up;
    case XKB_KEY_Down:
    case XKB_KEY_KP_Down:
      return Key::down;
    default:
      break;
  }
  if (!control) return Key::text;
  switch (symbol) {
    case XKB_KEY_u:
    case XKB_KEY_U:
      return Key::clear;
    case XKB_KEY_d:
    case XKB_KEY_D:
      return Key::end_of_input;
    case XKB_KEY_h:
    case XKB_KEY_H:
      return Key::erase;
    default:
      return Key::other;
  }
}

}  // namespace

Result<KeyboardLayout> KeyboardLayout::load(const std::string& name, const std::string& directory) {
  std::string layout = name;
  std::string variant;
  if (std::size_t open = name.find('('); open != std::string::npos && name.ends_with(')')) {
    layout = name.substr(0, open);
    variant = name.substr(open + 1, name.size() - open - 2);
  }
  if (!is_name(layout) || (!variant.empty() && !is_name(variant))) return fail("there is no keyboard layout " + name);

  // The directory and every name are given below: nothing is left for the environment to say.
  std::unique_ptr<xkb_context, Unref> context(xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES));
  if (!context) return fail("load the keyboard layout " + name + ": out of memory");
  xkb_context_set_log_level(context.get(), XKB_LOG_LEVEL_CRITICAL);
  if (xkb_context_include_path_append(context.get(), directory.c_str()) == 0) {
    return fail("load the keyboard layout " + name + ": " + directory + " cannot be read");
  }
  xkb_rule_names names{};
  names.rules = "evdev";
  names.model = "pc105";
  names.layout = layout.c_str();
  names.variant = variant.c_str();
  names.options = "";
  xkb_keymap* keymap = xkb_keymap_new_from_names(context.get(), &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
  if (keymap == nullptr) return fail("there is no keyboard layout " + name);
  return KeyboardLayout(name, std::shared_ptr<xkb_keymap>(keymap, Unref{}));
}

Result<KeyDecoder> KeyDecoder::create(const KeyboardLayout& layout) {
  xkb_state* state = xkb_state_new(layout.keymap());
  if (state == nullptr) return fail("read the keyboard: out of memory");
  KeyDecoder decoder(std::shared_ptr<xkb_state>(state, Unref{}));
  decoder.handle(KEY_NUMLOCK, 1);
  decoder.handle(KEY_NUMLOCK, 0);
  return decoder;
}

std::optional<KeyPress> KeyDecoder::handle(unsigned code, int value) {
  const xkb_keycode_t key = code + kXkbOffset;
  const xkb_keysym_t symbol = xkb_state_key_get_one_sym(state_.get(), key);
  const bool control = active(XKB_MOD_NAME_CTRL);
  const bool combination = control || active(XKB_MOD_NAME_ALT) || active(XKB_MOD_NAME_LOGO);
  KeyPress press;
  press.key = key_of(symbol, control);
  if (press.key == Key::text) {
    char utf8[8]{};
    int size = xkb_state_key_get_utf8(state_.get(), key, utf8, sizeof utf8);
    if (size > 0 && size < static_cast<int>(sizeof utf8) && !combination) {
      std::copy_n(utf8, size, press.utf8.begin());
      press.size = static_cast<std::uint8_t>(size);
    } else {
      press.key = Key::other;
    }
    ::explicit_bzero(utf8, sizeof utf8);
  }
  if (value != 2) xkb_state_update_key(state_.get(), key, value != 0 ? XKB_KEY_DOWN : XKB_KEY_UP);
  if (value == 0) return std::nullopt;
  const bool modifier = symbol >= XKB_KEY_Shift_L && symbol <= XKB_KEY_Hyper_R;
  const bool level = (symbol >= XKB_KEY_ISO_Lock && symbol <= XKB_KEY_ISO_Level5_Lock) || symbol == XKB_KEY_Num_Lock;
  if (modifier || level) return std::nullopt;
  const bool repeats =
      press.key == Key::text || press.key == Key::erase || press.key == Key::up || press.key == Key::down;
  if (value == 2 && !repeats) return std::nullopt;
  return press;
}

bool KeyDecoder::caps_lock() const {
  return xkb_state_mod_name_is_active(state_.get(), XKB_MOD_NAME_CAPS, XKB_STATE_MODS_LOCKED) > 0;
}

bool KeyDecoder::active(const char* modifier) const {
  return xkb_state_mod_name_is_active(state_.get(), modifier, XKB_STATE_MODS_EFFECTIVE) > 0;
}

}  // namespace ashlar
