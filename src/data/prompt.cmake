# What asks and what tells. Included by CMakeLists.txt. Everything but the screen itself is compiled for the host too.
pkg_check_modules(XKBCOMMON REQUIRED IMPORTED_TARGET xkbcommon)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)

ashlar_library(prompt
  SOURCES console_prompter.cc key_decoder.cc keyboard.cc keyboard_layouts.cc line_editor.cc printable.cc
    prompt_page.cc qr_code.cc screen_console.cc terminal_console.cc terminal_decoder.cc
  LINK ashlar_sys PkgConfig::QRENCODE PkgConfig::XKBCOMMON)
if(ASHLAR_DEVICE)
  ashlar_harden(ashlar_prompt)
endif()
ashlar_test(prompt
  SOURCES line_editor_test.cc keys_test.cc prompt_page_test.cc console_prompter_test.cc
    qr_code_test.cc
  LINK ashlar_prompt)

