#include "format/psf.h"

#include <algorithm>

namespace ashlar {
namespace {

struct Header {
  Le32 magic;
  Le32 version;
  Le32 header_size;
  Le32 flags;
  Le32 glyph_count;
  Le32 glyph_size;  // bytes
  Le32 height;
  Le32 width;
};
static_assert(sizeof(Header) == 32);

constexpr std::uint32_t kMagic = 0x864ab572;
constexpr std::uint32_t kHasUnicodeTable = 1;
constexpr std::uint32_t kMaxWidth = 64;    // pixels
constexpr std::uint32_t kMaxHeight = 128;  // pixels
constexpr std::uint32_t kMaxGlyphs = 65536;
constexpr std::size_t kMaxMappings = 1 << 20;
constexpr std::uint8_t kSequenceStart = 0xfe;
constexpr std::uint8_t kGlyphEnd = 0xff;

// One character of UTF-8 in its shortest form.
Result<char32_t> read_utf8(Reader& reader) {
  auto lead = TRY(reader.read<std::uint8_t>("the font's Unicode table"));
  if (lead < 0x80) return lead;
  int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  if (lead < 0xc2 || lead > 0xf4) return fail("the font's Unicode table is not UTF-8");
  char32_t code = lead & (0x3fU >> more);
  for (std::uint8_t byte : TRY(reader.take(static_cast<std::uint64_t>(more), "the font's Unicode table"))) {
    if ((byte & 0xc0) != 0x80) return fail("the font's Unicode table is not UTF-8");
    code = code << 6 | (byte & 0x3fU);
  }
  static constexpr std::array<char32_t, 4> kSmallest = {0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[static_cast<std::size_t>(more)] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
    return fail("the font's Unicode table is not UTF-8");
  }
  return code;
}

// For each glyph: single characters, then sequences that start with 0xfe each, then 0xff.
Status parse_unicode_table(Reader& reader, PsfFont& font) {
  for (std::uint32_t glyph = 0; glyph < font.glyph_count; ++glyph) {
    bool in_sequence = false;
    for (;;) {
      if (reader.at_end()) return fail("the font's Unicode table is cut off");
      std::uint8_t byte = reader.rest().front();
      if (byte == kGlyphEnd || byte == kSequenceStart) {
        TRY(reader.take(1, "the font's Unicode table"));
        if (byte == kGlyphEnd) break;
        in_sequence = true;
        continue;
      }
      char32_t code = TRY(read_utf8(reader));
      if (in_sequence) continue;
      if (font.unicode.size() == kMaxMappings) return fail("the font's Unicode table is too large");
      font.unicode.emplace_back(code, glyph);
    }
  }
  // Where a character is listed twice its first glyph counts.
  std::ranges::sort(font.unicode);
  auto repeated = std::ranges::unique(font.unicode, {}, &std::pair<char32_t, std::uint32_t>::first);
  font.unicode.erase(repeated.begin(), repeated.end());
  return {};
}

}  // namespace

std::optional<ByteView> PsfFont::glyph(char32_t code_point) const {
  auto found = std::ranges::lower_bound(unicode, code_point, {}, &std::pair<char32_t, std::uint32_t>::first);
  if (found == unicode.end() || found->first != code_point) return std::nullopt;
  return bitmaps.subspan(found->second * glyph_bytes(), glyph_bytes());
}

Result<PsfFont> parse_psf2(ByteView file) {
  Reader reader(file);
  auto header = TRY(reader.read<Header>("the font"));
  if (header.magic != kMagic) return fail("not a PSF2 font");
  if (header.version != 0 || header.header_size != sizeof(Header)) return fail("a PSF2 font of an unknown version");
  if (header.flags != kHasUnicodeTable) return fail("a PSF2 font without a Unicode table");
  PsfFont font;
  font.width = header.width;
  font.height = header.height;
  font.glyph_count = header.glyph_count;
  if (font.width == 0 || font.width > kMaxWidth || font.height == 0 || font.height > kMaxHeight) {
    return fail("a PSF2 font of " + std::to_string(font.width) + "x" + std::to_string(font.height) + " pixels");
  }
  if (font.glyph_count == 0 || font.glyph_count > kMaxGlyphs) {
    return fail("a PSF2 font of " + std::to_string(font.glyph_count) + " glyphs");
  }
  if (header.glyph_size != font.glyph_bytes())
    return fail("a PSF2 font whose glyphs have another size than their pixels");
  font.bitmaps = TRY(reader.take(font.glyph_bytes() * font.glyph_count, "the font's glyphs"));
  TRY(parse_unicode_table(reader, font));
  if (!reader.at_end()) return fail("bytes behind the font");
  return font;
}

}  // namespace ashlar
