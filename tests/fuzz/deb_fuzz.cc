// The ar container of Debian packages.
#include "format/deb.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<DebMembers> members = parse_deb({data, size});
  if (members) fuzz::require(members->control.size() + members->data.size() < size);
  return 0;
}
