// PKCS #7 signatures and certificates.
#include "format/signer.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  static const X509Certificate nobody(X509_new());
  fuzz::require(!verify_attached(nobody, input));
  fuzz::require(!verify_detached(nobody, input, as_bytes("content")));
  if (Result<X509Certificate> certificate = parse_certificate(input)) (void)certificate_subject(*certificate);
  return 0;
}
