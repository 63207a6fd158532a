// PE images: every view lies in the file.
#include "format/pe.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<PeImage> image = parse_pe({data, size});
  if (!image) return 0;
  (void)pe_checksum({data, size}, image->checksum_offset);
  for (const PeSection& section : image->sections) {
    fuzz::require(section.content.size() <= section.raw.size());
    if (!section.raw.empty())
      fuzz::require(section.raw.data() >= data && section.raw.data() + section.raw.size() <= data + size);
  }
  return 0;
}
