#include "format/verity.h"

#include "base/digest.h"
#include "format/sha256_pair.h"
#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;

constexpr Guid kUuid = "12345678-1234-1234-1234-123456789abc"_guid;

Bytes make_data(std::size_t blocks) {
  Bytes data(blocks * kVerityBlockSize);
  for (std::size_t i = 0; i < data.size(); i += 64) data[i] = static_cast<std::uint8_t>(i / 64 * 7 + i / 4096);
  return data;
}

struct VerityCase {
  Bytes data;
  VerityTree tree;
  explicit VerityCase(std::size_t blocks) : data(make_data(blocks)) {
    tree = build_verity(data, Salt{}, kUuid, 2).value();
  }
  [[nodiscard]] Status verify() const { return verify_verity(data, tree.hash_area, tree.root_hash, 2); }
};

TEST(Verity, LaysLevelsOutFromTheTopDown) {
  VerityLayout layout = verity_layout(128 * 128 + 1).value();
  ASSERT_EQ(layout.levels.size(), 3U);
  EXPECT_EQ(layout.levels[2].first_block, 1U);
  EXPECT_EQ(layout.levels[1].first_block, 2U);
  EXPECT_EQ(layout.levels[1].blocks, 2U);
  EXPECT_EQ(layout.levels[0].first_block, 4U);
  EXPECT_EQ(layout.levels[0].blocks, 129U);
  EXPECT_EQ(layout.total_blocks, 133U);
  EXPECT_EQ(verity_layout(1)->levels.size(), 0U);
  EXPECT_FALSE(verity_layout(0));
  EXPECT_FALSE(verity_layout(~0ULL));
}

TEST(Verity, DoesNotDependOnThreads) {
  Bytes data = make_data(3000);
  VerityTree one = build_verity(data, Salt{}, kUuid, 1).value();
  VerityTree many = build_verity(data, Salt{}, kUuid, 7).value();
  EXPECT_EQ(one.hash_area, many.hash_area);
  EXPECT_EQ(one.root_hash, many.root_hash);
}

TEST(Verity, VerifiesWhatItBuilt) {
  for (std::size_t blocks : {1, 2, 127, 128, 129, 3000}) EXPECT_TRUE(VerityCase(blocks).verify()) << blocks;
}

TEST(Verity, RefusesPartialBlocksAndNoData) {
  Bytes data(4097);
  EXPECT_FALSE(build_verity(data, Salt{}, kUuid, 1));
  EXPECT_FALSE(build_verity({}, Salt{}, kUuid, 1));
}

TEST(Verity, NamesTheFirstBadDataBlock) {
  VerityCase verity(3000);
  verity.data[2345 * kVerityBlockSize + 17] ^= 1;
  verity.data[2999 * kVerityBlockSize] ^= 1;
  EXPECT_EQ(error_of(verity.verify()), "verity: data block 2345 does not match its hash");
}

TEST(Verity, NamesTheBadTreeBlock) {
  VerityCase verity(3000);
  verity.tree.hash_area[(2 + 5) * kVerityBlockSize] ^= 1;  // superblock, one block of level 1, then level 0
  EXPECT_EQ(error_of(verity.verify()), "verity: tree level 0 block 5 does not match its hash");
  verity = VerityCase(3000);
  verity.tree.hash_area[kVerityBlockSize] ^= 1;
  EXPECT_EQ(error_of(verity.verify()), "verity: tree level 1 block 0 does not match its hash");
}

TEST(Verity, RefusesAnotherRootHash) {
  VerityCase verity(3);
  verity.tree.root_hash.digest.bytes[31] ^= 1;
  EXPECT_EQ(error_of(verity.verify()), "verity: tree level 0 block 0 does not match its hash");
}

TEST(Verity, AcceptsZerosBehindDataAndTreeOnly) {
  VerityCase verity(3);
  verity.data.resize(10 * kVerityBlockSize);
  verity.tree.hash_area.resize(10 * kVerityBlockSize);
  EXPECT_TRUE(verity.verify());
  verity.data.back() = 1;
  EXPECT_EQ(error_of(verity.verify()), "verity: bytes other than zero behind the data");
  verity.data.back() = 0;
  verity.tree.hash_area.back() = 1;
  EXPECT_EQ(error_of(verity.verify()), "verity: bytes other than zero behind the tree");
}

TEST(Verity, RefusesDataOrTreeCutShort) {
  VerityCase verity(300);
  EXPECT_FALSE(verify_verity(ByteView(verity.data).first(299 * kVerityBlockSize), verity.tree.hash_area,
                             verity.tree.root_hash, 1));
  EXPECT_FALSE(verify_verity(verity.data, ByteView(verity.tree.hash_area).first(2 * kVerityBlockSize),
                             verity.tree.root_hash, 1));
}

// Against OpenSSL, with every length of the last partial run and messages that differ between the two lanes.
TEST(Sha256Pair, GivesWhatOpenSslGives) {
  std::optional<Sha256Pair> pair = Sha256Pair::where_supported();
  if (!pair) GTEST_SKIP() << "this processor has no SHA instructions; OpenSSL alone is used";
  Bytes prefix(32, 0x5a);
  for (std::size_t size : {64U, 128U, 192U, 4096U, 8192U}) {
    std::array<Bytes, 2> blocks = {Bytes(size), Bytes(size)};
    for (std::size_t i = 0; i < size; ++i) {
      blocks[0][i] = static_cast<std::uint8_t>(i * 2654435761U >> 13);
      blocks[1][i] = static_cast<std::uint8_t>(i * 2246822519U >> 11);
    }
    std::array<Sha256Digest, 2> got;
    pair->hash(prefix, {blocks[0], blocks[1]}, {got[0].bytes.data(), got[1].bytes.data()});
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(got[i], Sha256().update(prefix).update(blocks[i]).finish()) << size;
  }
}

TEST(VeritySuperblock, RoundTrips) {
  VeritySuperblock superblock{kUuid, Salt{}, 77};
  superblock.salt.bytes[0] = 9;
  Bytes block = build_verity_superblock(superblock);
  VeritySuperblock parsed = parse_verity_superblock(block).value();
  EXPECT_EQ(parsed.uuid, superblock.uuid);
  EXPECT_EQ(parsed.salt, superblock.salt);
  EXPECT_EQ(parsed.data_blocks, superblock.data_blocks);
}

TEST(VeritySuperblock, EveryByteOutsideUuidSaltAndSizeCounts) {
  Bytes block = build_verity_superblock({kUuid, Salt{}, 77});
  for (std::size_t i = 0; i < block.size(); ++i) {
    bool free = (i >= 16 && i < 32) || (i >= 72 && i < 80) || (i >= 88 && i < 120);
    if (free) continue;
    block[i] ^= 0x40;
    EXPECT_FALSE(parse_verity_superblock(block)) << i;
    block[i] ^= 0x40;
  }
  EXPECT_TRUE(parse_verity_superblock(block));
  EXPECT_FALSE(parse_verity_superblock(ByteView(block).first(4095)));
}

TEST(RootHash, NamesItsPartitions) {
  RootHash hash = parse_root_hash("00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef").value();
  PartitionGuids guids = partition_guids(hash);
  EXPECT_EQ(guids.root.text(), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(guids.verity.text(), "01234567-89ab-cdef-0123-456789abcdef");
  EXPECT_FALSE(parse_root_hash("0011"));
  EXPECT_FALSE(parse_root_hash(hash.hex() + "00"));
  EXPECT_FALSE(parse_salt("zz"));
}

}  // namespace
}  // namespace ashlar
