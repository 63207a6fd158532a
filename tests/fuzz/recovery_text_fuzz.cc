// A recovery key as somebody typed it: what was accepted has one text, which is accepted again.
#include "data/recovery_key.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<Secret> typed = Secret::copy_of({data, size});
  if (!typed) return 0;  // more than may be locked in memory
  Result<Secret> key = parse_recovery_text(*typed);
  if (!key) return 0;
  Result<Secret> text = recovery_text(*key);
  fuzz::require(text && text->bytes().size() == kRecoveryTextSize);
  Result<Secret> again = parse_recovery_text(*text);
  fuzz::require(again && again->equals(*key));
  return 0;
}
