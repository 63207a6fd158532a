// ELF files.
#include "format/elf.h"
#include "format/elf_hardening.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)parse_elf({data, size});
  (void)parse_elf_hardening({data, size});
  return 0;
}
