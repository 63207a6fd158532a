#include "format/psf.h"

#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;

// Two glyphs of 9x2 pixels: "A" (also "é"), and "B", whose table entry also has a sequence.
Bytes make_font() {
  Bytes font;
  for (std::uint32_t field : {0x864ab572U, 0U, 32U, 1U, 2U, 4U, 2U, 9U}) append(font, bytes_of(Le32(field)));
  append(font, Bytes{0x80, 0x80, 0x01, 0x00, 0xff, 0x80, 0xff, 0x80});
  append(font, as_bytes("A\xc3\xa9\xff"
                        "B\xfe"
                        "B\xcc\x81\xff"));
  return font;
}

TEST(Psf, FindsGlyphs) {
  Bytes file = make_font();
  PsfFont font = parse_psf2(file).value();
  EXPECT_EQ(font.width, 9U);
  EXPECT_EQ(font.row_bytes(), 2U);
  EXPECT_EQ(to_hex(font.glyph(U'A').value()), "80800100");
  EXPECT_EQ(to_hex(font.glyph(U'\u00e9').value()), "80800100");
  EXPECT_EQ(to_hex(font.glyph(U'B').value()), "ff80ff80");
  EXPECT_FALSE(font.glyph(U'C'));
  EXPECT_FALSE(font.glyph(U'\u0301'));  // only part of a sequence
}

TEST(Psf, RefusesTruncationAndTrailingBytes) {
  Bytes file = make_font();
  for (std::size_t size = 0; size < file.size(); ++size) EXPECT_FALSE(parse_psf2(ByteView(file).first(size))) << size;
  file.push_back(0);
  EXPECT_EQ(error_of(parse_psf2(file)), "bytes behind the font");
}

TEST(Psf, RefusesHostileHeaders) {
  for (std::size_t field = 0; field < 8; ++field) {
    for (std::uint32_t value : {0U, 0x7fffffffU, 0xffffffffU}) {
      Bytes file = make_font();
      if (field == 1 && value == 0) continue;
      pe::store(file, field * 4, Le32(value));
      EXPECT_FALSE(parse_psf2(file)) << field << " " << value;
    }
  }
  for (std::string_view bad : {"\x80\xff", "\xc0\x80", "\xed\xa0", "\xf5\x80"}) {
    Bytes file = make_font();
    std::memcpy(file.data() + 40, bad.data(), bad.size());
    EXPECT_FALSE(parse_psf2(file));
  }
}

}  // namespace
}  // namespace ashlar
