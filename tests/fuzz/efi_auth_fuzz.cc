// Signed updates of UEFI variables, the signature's own encoding included.
#include "format/efi_auth.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  Result<EfiAuth> auth = parse_efi_auth(input);
  if (auth) fuzz::require(auth->signature.size() + auth->value.size() + 40 == size);
  if (!auth) fuzz::require(!efi_auth_signer(input));
  static const X509Certificate nobody(X509_new());
  fuzz::require(!verify_efi_auth(kEfiDb, input, nobody));
  return 0;
}
