// Fonts: every character the table names has a glyph.
#include "format/psf.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<PsfFont> font = parse_psf2({data, size});
  if (!font) return 0;
  for (auto [code_point, glyph] : font->unicode) {
    fuzz::require(font->glyph(code_point).has_value() && font->glyph(code_point)->size() == font->glyph_bytes());
  }
  return 0;
}
