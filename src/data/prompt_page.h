// Questions and notices as pages of the screen.
#pragma once

#include "data/console.h"

namespace ashlar {

// What changes while a question is open.
struct PromptState {
  std::string_view text;  // in locked memory
  std::size_t selected = 0;
  std::string_view refusal;  // why the last key was not taken
  bool caps_lock = false;
  bool keyboard_found = true;
  std::string_view layout;  // name of the keyboard layout
};

// "Ashlar", "0.1.0  DEV": of the running program.
Page notice_page(const Notice& notice);
Page question_page(const Asked& asked, const PromptState& state);

}  // namespace ashlar
