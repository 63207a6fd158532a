// cpio archives: what was read can be written and read again.
#include "format/cpio.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<std::vector<CpioNode>> nodes = parse_cpio({data, size});
  if (!nodes) return 0;
  Bytes archive = build_cpio(*nodes).value();
  std::vector<CpioNode> again = parse_cpio(archive).value();
  fuzz::require(again.size() == nodes->size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    fuzz::require(again[i].path == (*nodes)[i].path && again[i].mode == (*nodes)[i].mode);
    fuzz::require(fuzz::same(again[i].content, (*nodes)[i].content));
  }
  return 0;
}
