// From the key codes of the kernel's input layer to characters, by libxkbcommon.
#pragma once

#include <xkbcommon/xkbcommon.h>

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "data/keys.h"

namespace ashlar {

inline constexpr char kXkbDirectory[] = "/usr/share/X11/xkb";

// A compiled layout; copies share it.
class KeyboardLayout {
 public:
  // `name` is a layout of the X keyboard database, with or without a variant: "us", "de(nodeadkeys)". An error when
  // there is none of that name.
  static Result<KeyboardLayout> load(const std::string& name, const std::string& directory = kXkbDirectory);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] xkb_keymap* keymap() const { return keymap_.get(); }

 private:
  KeyboardLayout(std::string name, std::shared_ptr<xkb_keymap> keymap)
      : name_(std::move(name)), keymap_(std::move(keymap)) {}

  std::string name_;
  std::shared_ptr<xkb_keymap> keymap_;
};

// What is held down and locked on one keyboard. Num Lock starts locked: digits of the keypad are what a password has.
class KeyDecoder {
 public:
  static Result<KeyDecoder> create(const KeyboardLayout& layout);

  // A key (KEY_* of linux/input-event-codes.h) went down (1), repeats (2) or went up (0). Nothing for modifiers and for
  // keys going up; Key::other for what has no meaning, combinations with Alt, Ctrl and the logo key among it. Enter and
  // Esc do not repeat: a key held too long must not answer the next question.
  std::optional<KeyPress> handle(unsigned code, int value);
  [[nodiscard]] bool caps_lock() const;

 private:
  explicit KeyDecoder(std::shared_ptr<xkb_state> state) : state_(std::move(state)) {}
  [[nodiscard]] bool active(const char* modifier) const;

  std::shared_ptr<xkb_state> state_;
};

}  // namespace ashlar
