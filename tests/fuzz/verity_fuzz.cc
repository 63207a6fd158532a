// Verity superblocks, and trees that claim to be anything: a tree is accepted under no root hash it was not built for.
#include "format/verity.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The superblock's 512 bytes, then the first bytes of the tree.
  Bytes area(3 * kVerityBlockSize);
  std::size_t head = std::min<std::size_t>(size, 512);
  std::memcpy(area.data(), data, head);
  std::memcpy(area.data() + kVerityBlockSize, data + head, std::min<std::size_t>(size - head, kVerityBlockSize));
  static const Bytes blocks(4 * kVerityBlockSize);
  fuzz::require(!verify_verity(blocks, area, RootHash{}, 1));
  Result<VeritySuperblock> superblock = parse_verity_superblock(area);
  if (superblock)
    fuzz::require(fuzz::same(build_verity_superblock(*superblock), ByteView(area).first(kVerityBlockSize)));
  return 0;
}
