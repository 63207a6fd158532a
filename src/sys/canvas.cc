#include "sys/canvas.h"

#include <algorithm>
#include <string>

namespace ashlar {
Canvas::Canvas(std::span<std::uint32_t> pixels, unsigned width, unsigned height, unsigned stride)
    : pixels_(pixels), width_(std::min(width, stride)), height_(height), stride_(stride) {
  height_ = stride_ == 0 ? 0 : static_cast<unsigned>(std::min<std::size_t>(height_, pixels_.size() / stride_));
}

void Canvas::fill(unsigned x, unsigned y, unsigned width, unsigned height, Colour colour) {
  if (x >= width_ || y >= height_) return;
  width = std::min(width, width_ - x);
  height = std::min(height, height_ - y);
  for (unsigned row = 0; row < height; ++row) {
    std::size_t start = static_cast<std::size_t>(y + row) * stride_ + x;
    std::ranges::fill(pixels_.subspan(start, width), colour.xrgb);
  }
}

unsigned Canvas::text(unsigned x, unsigned y, std::string_view utf8, const PsfFont& font, unsigned scale,
                      Colour colour) {
  while (!utf8.empty()) {
    char32_t character = take_character(utf8);
    std::optional<ByteView> glyph = font.glyph(character);
    if (!glyph) glyph = font.glyph(U'?');
    for (unsigned row = 0; glyph && row < font.height; ++row) {
      for (unsigned column = 0; column < font.width; ++column) {
        bool set = ((*glyph)[row * font.row_bytes() + column / 8] >> (7 - column % 8) & 1) != 0;
        if (set) fill(x + column * scale, y + row * scale, scale, scale, colour);
      }
    }
    x += font.width * scale;
  }
  return x;
}

char32_t take_character(std::string_view& utf8) {
  auto first = static_cast<unsigned char>(utf8[0]);
  utf8.remove_prefix(1);
  std::size_t more = first < 0x80 ? 0 : first < 0xc2 ? 4 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 4;
  if (more == 4) return kReplacement;
  char32_t value = more == 0 ? first : first & (0x3f >> more);
  std::size_t got = 0;
  for (; got < more && !utf8.empty() && (utf8[0] & 0xc0) == 0x80; ++got) {
    value = value << 6 | (static_cast<unsigned char>(utf8[0]) & 0x3f);
    utf8.remove_prefix(1);
  }
  constexpr char32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
  bool sound = got == more && value >= kSmallest[more] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
  return sound ? value : kReplacement;
}

std::u32string decode_utf8(std::string_view utf8) {
  std::u32string out;
  while (!utf8.empty()) out += take_character(utf8);
  return out;
}

}  // namespace ashlar
