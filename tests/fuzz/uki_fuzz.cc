// Stubs: what is built on an accepted stub can be read.
#include "format/pe.h"
#include "format/uki.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  (void)inspect_uki(input);
  std::vector<UkiSection> sections = {{".osrel", as_bytes("ID=ashlar")}, {".linux", as_bytes("kernel")}};
  Result<Bytes> uki = build_uki(input, sections);
  if (!uki) return 0;
  PeImage image = parse_pe(*uki).value();
  const PeSection* kernel = image.find_section(".linux");
  fuzz::require(kernel != nullptr && fuzz::same(kernel->content, as_bytes("kernel")));
  return 0;
}
