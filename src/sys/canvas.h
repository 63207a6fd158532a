// Text and rectangles on a plain pixel buffer. Knows nothing of devices, so that the host and the unit tests draw
// exactly what the machine shows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "format/psf.h"

namespace ashlar {

// 0x00RRGGBB, as DRM_FORMAT_XRGB8888 stores it on a little-endian machine.
struct Colour {
  std::uint32_t xrgb;
};

class Canvas {
 public:
  // `pixels` holds `height` rows of `stride` pixels, of which the first `width` are seen. A buffer that is too small
  // for that is cut to the rows it holds.
  Canvas(std::span<std::uint32_t> pixels, unsigned width, unsigned height, unsigned stride);

  [[nodiscard]] unsigned width() const { return width_; }
  [[nodiscard]] unsigned height() const { return height_; }

  // Both clip at the edges.
  void fill(unsigned x, unsigned y, unsigned width, unsigned height, Colour colour);
  // Each pixel of the font becomes `scale` by `scale` pixels. A character the font lacks is drawn as '?'. Returns the
  // x at which the next character would stand.
  unsigned text(unsigned x, unsigned y, std::string_view utf8, const PsfFont& font, unsigned scale, Colour colour);

 private:
  std::span<std::uint32_t> pixels_;
  unsigned width_;
  unsigned height_;
  unsigned stride_;
};

constexpr char32_t kReplacement = U'\uFFFD';

// Takes the first character off `utf8`, which is not empty, and copies nothing of it; kReplacement for a malformed
// sequence.
char32_t take_character(std::string_view& utf8);

// The characters of `utf8`; a malformed sequence counts as one replacement character.
std::u32string decode_utf8(std::string_view utf8);

}  // namespace ashlar
