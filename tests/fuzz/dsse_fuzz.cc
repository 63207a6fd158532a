// DSSE envelopes. What was read verifies under nobody's key.
#include "format/dsse.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const X509Certificate nobody(X509_new());
  Result<DsseEnvelope> envelope = parse_dsse({data, size});
  if (!envelope) return 0;
  fuzz::require(!envelope->signatures.empty());
  fuzz::require(!verify_dsse(*envelope, nobody));
  return 0;
}
