// The line by which the unlocking program tells PID 1 whose session it is.
#include "format/session_owner.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<SessionOwner> owner = parse_session_owner(as_text({data, size}));
  if (!owner) return 0;
  fuzz::require(owner->user <= 8);
  fuzz::require(build_session_owner(*owner) == as_text({data, size}));
  return 0;
}
