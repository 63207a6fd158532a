// DER values: there is one encoding only.
#include "format/der.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader(ByteView(data, size));
  Result<der::Value> value = der::read(reader);
  if (!value) return 0;
  fuzz::require(value->whole.size() + reader.rest().size() == size);
  fuzz::require(fuzz::same(der::encode(value->tag, value->content), value->whole));
  return 0;
}
