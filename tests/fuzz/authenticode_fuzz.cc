// Signed PE images: what is accepted keeps its digest when its signatures are taken off.
#include "format/authenticode.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  (void)pe_signatures(input);
  Result<Sha256Digest> digest = authenticode_digest(input);
  if (!digest) return 0;
  Bytes bare = remove_signatures(input).value();
  fuzz::require(authenticode_digest(bare).value() == *digest);
  return 0;
}
