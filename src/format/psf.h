// PC screen fonts, version 2 (kbd's psf.h; psf(5)): bitmaps for the boot screen.
#pragma once

#include <optional>

#include "base/bytes.h"

namespace ashlar {

// Views into the file that was parsed.
struct PsfFont {
  std::uint32_t width = 0;   // pixels
  std::uint32_t height = 0;  // pixels
  std::uint32_t glyph_count = 0;
  ByteView bitmaps;
  std::vector<std::pair<char32_t, std::uint32_t>> unicode;  // code point and glyph, sorted

  [[nodiscard]] std::size_t row_bytes() const { return (width + 7) / 8; }
  [[nodiscard]] std::size_t glyph_bytes() const { return row_bytes() * height; }
  // `height` rows of row_bytes(), the leftmost pixel in the highest bit; nullopt when the font lacks the code point.
  [[nodiscard]] std::optional<ByteView> glyph(char32_t code_point) const;
};

// Refuses fonts larger than 64x128 pixels or 65,536 glyphs, without a Unicode table, or with bytes behind it.
// Sequences of code points (combining marks) are skipped.
Result<PsfFont> parse_psf2(ByteView file);

}  // namespace ashlar
