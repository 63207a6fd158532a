// The content of .pcrsig: what is accepted is what the builder writes, and nobody's key signed it.
#include "format/pcr_signature.h"
#include "format/pcr_signer.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<PcrSignature> signature = parse_pcr_signature({data, size});
  if (!signature) return 0;
  fuzz::require(fuzz::same(as_bytes(build_pcr_signature(*signature)), {data, size}));
  RsaPublicKey nobody;
  nobody.modulus.fill(0xff);
  fuzz::require(!verify_image_policies(*signature, nobody, Sha256Digest{}));
  return 0;
}
