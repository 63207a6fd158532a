// dm-verity hash trees: SHA-256, 4096-byte blocks, format version 1, as `veritysetup format` writes them
// (Documentation/admin-guide/device-mapper/verity.rst; cryptsetup, "DM-Verity On-Disk Format").
#pragma once

#include "base/digest.h"
#include "base/guid.h"

namespace ashlar {

constexpr std::uint64_t kVerityBlockSize = 4096;  // bytes, of data blocks and of hash blocks

// What every block is hashed behind. Fixed at 32 bytes.
struct Salt {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Salt&) const = default;
  [[nodiscard]] std::string hex() const { return to_hex(bytes); }
};

// The hash that stands for the whole data area; what a signed command line names.
struct RootHash {
  Sha256Digest digest;
  auto operator<=>(const RootHash&) const = default;
  [[nodiscard]] std::string hex() const { return to_hex(digest.bytes); }
};

// Exactly 64 hexadecimal digits.
Result<RootHash> parse_root_hash(std::string_view hex);
Result<Salt> parse_salt(std::string_view hex);

// Partition identifiers that follow from the root hash: its first 128 bits name the data partition, its last 128 the
// hash partition (UAPI.2 Discoverable Partitions Specification, "Verity").
struct PartitionGuids {
  Guid root;
  Guid verity;
};
PartitionGuids partition_guids(const RootHash& root_hash);

// What the first block of a hash partition says, after everything we do not write was refused.
struct VeritySuperblock {
  Guid uuid;
  Salt salt;
  std::uint64_t data_blocks = 0;
};
// Reads the superblock from the first 4096 bytes of `hash_area`. Refuses other algorithms, block sizes, versions and
// salt sizes, and bytes other than zero where the format has padding.
Result<VeritySuperblock> parse_verity_superblock(ByteView hash_area);
// The superblock as a whole block of 4096 bytes.
Bytes build_verity_superblock(const VeritySuperblock& superblock);

// Where the levels of a tree lie, in blocks from the start of the hash area. Level 0 hashes the data blocks; the last
// level is one block. A single data block needs no level: its hash is the root hash.
struct VerityLevel {
  std::uint64_t first_block = 0;
  std::uint64_t blocks = 0;
};
struct VerityLayout {
  std::vector<VerityLevel> levels;
  std::uint64_t total_blocks = 0;  // superblock included
};
// An error when there are no data blocks, or more than 2^40.
Result<VerityLayout> verity_layout(std::uint64_t data_blocks);

struct VerityTree {
  Bytes hash_area;  // the superblock's block, then the levels from the top down: what the hash partition holds
  RootHash root_hash;
  std::uint64_t data_blocks = 0;
  std::uint64_t hash_start_block = 1;  // where in hash_area the levels begin, in blocks
};
// Hashes `data`, a whole number of blocks, with up to `threads` threads. Host only.
Result<VerityTree> build_verity(ByteView data, const Salt& salt, const Guid& uuid, unsigned threads);

// Checks every block of data and tree against the root hash, and that `hash_area` holds nothing else but zeros behind
// the tree (partitions are larger than what is in them; so is `data`). The error names the first bad block: its level
// and its number, or the number of the data block. Host only.
Status verify_verity(ByteView data, ByteView hash_area, const RootHash& root_hash, unsigned threads = 0);

}  // namespace ashlar
