// A font for unit tests, made here: 8x4 pixels, the printable ASCII characters. The first row of a glyph is its code,
// the others are empty; the space is empty altogether.
#pragma once

#include "base/bytes.h"
#include "format/psf.h"

namespace ashlar {

inline const PsfFont& test_font() {
  static const Bytes kFile = [] {
    constexpr std::uint32_t kFirst = 32;
    constexpr std::uint32_t kLast = 126;
    Bytes file;
    for (std::uint32_t field : {0x864ab572U, 0U, 32U, 1U, kLast - kFirst + 1, 4U, 4U, 8U}) {
      append(file, bytes_of(Le32(field)));
    }
    for (std::uint32_t code = kFirst; code <= kLast; ++code) {
      append(file, Bytes{code == kFirst ? std::uint8_t{0} : static_cast<std::uint8_t>(code), 0, 0, 0});
    }
    for (std::uint32_t code = kFirst; code <= kLast; ++code) append(file, Bytes{static_cast<std::uint8_t>(code), 0xff});
    return file;
  }();
  static const PsfFont kFont = parse_psf2(kFile).value();
  return kFont;
}

}  // namespace ashlar
