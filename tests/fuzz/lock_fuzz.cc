// os/packages.lock: what was accepted is, byte for byte, what would be written.
#include "fuzz.h"
#include "image/lock.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<image::Lock> lock = image::parse_lock({data, size});
  if (!lock) return 0;
  fuzz::require(fuzz::same(as_bytes(image::write_lock(*lock)), {data, size}));
  fuzz::require(image::diff_locks(*lock, *lock).empty());
  return 0;
}
