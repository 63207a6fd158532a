// Signature lists: there is one encoding only.
#include "format/efi_signature.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<std::vector<EfiSignatureList>> lists = parse_efi_signature_lists({data, size});
  if (lists) fuzz::require(fuzz::same(build_efi_signature_lists(*lists).value(), {data, size}));
  return 0;
}
