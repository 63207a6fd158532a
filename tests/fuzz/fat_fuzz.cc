// FAT32 volumes.
#include "format/fat.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)read_fat32({data, size});
  return 0;
}
