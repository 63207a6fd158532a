#include "format/verity.h"

#include <algorithm>

namespace ashlar {
namespace {

constexpr std::string_view kMagic = {"verity\0\0", 8};
constexpr std::uint64_t kMaxDataBlocks = std::uint64_t{1} << 40;  // 4 PiB

// cryptsetup, lib/verity/verity.c: struct verity_sb
struct Superblock {
  std::array<std::uint8_t, 8> signature;
  Le32 version;
  Le32 hash_type;
  std::array<std::uint8_t, 16> uuid;  // in the order of its text
  std::array<char, 32> algorithm;
  Le32 data_block_size;
  Le32 hash_block_size;
  Le64 data_blocks;
  Le16 salt_size;
  std::array<std::uint8_t, 6> pad1;
  std::array<std::uint8_t, 256> salt;
  std::array<std::uint8_t, 168> pad2;
};
static_assert(sizeof(Superblock) == 512);

constexpr std::array<char, 32> kAlgorithm = {'s', 'h', 'a', '2', '5', '6'};

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

Status check_data_blocks(std::uint64_t data_blocks) {
  if (data_blocks == 0) return fail("verity: there are no data blocks");
  if (data_blocks > kMaxDataBlocks) return fail("verity: " + std::to_string(data_blocks) + " data blocks are too many");
  return {};
}

Result<std::array<std::uint8_t, 32>> parse_32_bytes(std::string_view what, std::string_view hex) {
  Result<Bytes> bytes = from_hex(hex);
  std::array<std::uint8_t, 32> out{};
  if (!bytes || bytes->size() != out.size()) {
    return fail(std::string(what) + " has 64 hexadecimal digits: " + std::string(hex));
  }
  std::ranges::copy(*bytes, out.begin());
  return out;
}

}  // namespace

Result<RootHash> parse_root_hash(std::string_view hex) {
  return RootHash{Sha256Digest{TRY(parse_32_bytes("a root hash", hex))}};
}

Result<Salt> parse_salt(std::string_view hex) { return Salt{TRY(parse_32_bytes("a salt", hex))}; }

PartitionGuids partition_guids(const RootHash& root_hash) {
  std::span<const std::uint8_t, 32> bytes(root_hash.digest.bytes);
  return {guid_from_big_endian(bytes.first<16>()), guid_from_big_endian(bytes.last<16>())};
}

Bytes build_verity_superblock(const VeritySuperblock& superblock) {
  Superblock stored{};
  std::ranges::copy(as_bytes(kMagic), stored.signature.begin());
  stored.version = 1U;
  stored.hash_type = 1U;
  stored.uuid = guid_from_big_endian(superblock.uuid.raw).raw;  // the same permutation both ways
  stored.algorithm = kAlgorithm;
  stored.data_block_size = static_cast<std::uint32_t>(kVerityBlockSize);
  stored.hash_block_size = static_cast<std::uint32_t>(kVerityBlockSize);
  stored.data_blocks = superblock.data_blocks;
  stored.salt_size = static_cast<std::uint16_t>(superblock.salt.bytes.size());
  std::ranges::copy(superblock.salt.bytes, stored.salt.begin());
  Bytes block;
  append(block, bytes_of(stored));
  block.resize(kVerityBlockSize);
  return block;
}

Result<VeritySuperblock> parse_verity_superblock(ByteView hash_area) {
  ByteView block = TRY(slice(hash_area, 0, kVerityBlockSize, "the verity superblock"));
  auto stored = TRY(Reader(block).read<Superblock>("the verity superblock"));
  if (as_text(stored.signature) != kMagic) return fail("not a verity superblock: wrong signature");
  if (stored.version != 1) return fail("verity superblock: version " + std::to_string(stored.version) + ", not 1");
  if (stored.hash_type != 1) return fail("verity superblock: format " + std::to_string(stored.hash_type) + ", not 1");
  if (stored.algorithm != kAlgorithm) return fail("verity superblock: the algorithm is not sha256");
  if (stored.data_block_size != kVerityBlockSize || stored.hash_block_size != kVerityBlockSize) {
    return fail("verity superblock: blocks are not 4096 bytes");
  }
  VeritySuperblock superblock;
  if (stored.salt_size != superblock.salt.bytes.size()) {
    return fail("verity superblock: the salt has " + std::to_string(stored.salt_size) + " bytes, not 32");
  }
  if (!all_zero(ByteView(stored.salt).subspan(superblock.salt.bytes.size())) || !all_zero(stored.pad1) ||
      !all_zero(stored.pad2) || !all_zero(block.subspan(sizeof stored))) {
    return fail("verity superblock: bytes in its padding");
  }
  superblock.uuid = guid_from_big_endian(stored.uuid);
  std::copy_n(stored.salt.begin(), superblock.salt.bytes.size(), superblock.salt.bytes.begin());
  superblock.data_blocks = stored.data_blocks;
  TRY(check_data_blocks(superblock.data_blocks));
  return superblock;
}

Result<VerityLayout> verity_layout(std::uint64_t data_blocks) {
  constexpr std::uint64_t kHashesPerBlock = kVerityBlockSize / 32;
  TRY(check_data_blocks(data_blocks));
  VerityLayout layout;
  for (std::uint64_t below = data_blocks; below > 1;) {
    below = round_up(below, kHashesPerBlock) / kHashesPerBlock;
    layout.levels.push_back({0, below});
  }
  layout.total_blocks = 1;
  for (std::size_t level = layout.levels.size(); level-- > 0;) {
    layout.levels[level].first_block = layout.total_blocks;
    layout.total_blocks += layout.levels[level].blocks;
  }
  return layout;
}

}  // namespace ashlar
