// The content of .pcrpkey, PEM or DER: one text for each key.
#include "format/rsa_public_key.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  if (Result<RsaPublicKey> key = parse_rsa_public_key_pem(input)) {
    fuzz::require(fuzz::same(as_bytes(key->pem()), input));
  }
  if (Result<RsaPublicKey> key = parse_rsa_public_key_der(input)) fuzz::require(fuzz::same(key->der(), input));
  return 0;
}
