# What asks and what tells. Included by CMakeLists.txt. Everything but the screen itself is compiled for the host too.
ashlar_system_library(keymaps xkbcommon)

ashlar_library(prompt
  SOURCES console_prompter.cc key_decoder.cc keyboard.cc keyboard_layouts.cc line_editor.cc prompt_page.cc
    screen_console.cc
  LINK ashlar_sys keymaps)
# The release variant has no serial line.
if(NOT ASHLAR_DEVICE OR ASHLAR_VARIANT STREQUAL "dev")
  target_sources(ashlar_prompt PRIVATE serial_console.cc terminal_decoder.cc)
endif()

ashlar_test(prompt
  SOURCES line_editor_test.cc keys_test.cc prompt_page_test.cc console_prompter_test.cc
  LINK ashlar_prompt)

