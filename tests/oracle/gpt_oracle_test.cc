// sgdisk: what it writes is what we read.
#include "format/gpt.h"
#include "oracle.h"

namespace ashlar {
namespace {

using namespace oracle;
using testing::error_of;

constexpr std::uint64_t kSectors = 131072;  // 64 MiB

Result<GptTable> parse_disk(ByteView disk) {
  return parse_gpt(disk.first(kGptFirstSectors * kSectorSize), disk.last(kGptLastSectors * kSectorSize),
                   disk.size() / kSectorSize);
}

TEST(GptOracle, ReadsWhatSgdiskWrote) {
  TempDir directory;
  std::string disk = directory.put("disk", ByteView{}).string();
  fs::resize_file(disk, kSectors * kSectorSize);
  constexpr Guid kDisk = "0f0e0d0c-0b0a-0908-0706-050403020100"_guid;
  constexpr Guid kEsp = "11111111-2222-4333-8444-555555555555"_guid;
  constexpr Guid kRoot = "66666666-7777-4888-9999-aaaaaaaaaaaa"_guid;
  succeed({"sgdisk", "--disk-guid=" + kDisk.text(), "--new=1:2048:+16M", "--typecode=1:" + kEspType.text(),
           "--partition-guid=1:" + kEsp.text(), "--change-name=1:esp", "--new=3:0:0",
           "--typecode=3:" + kRootX64Type.text(), "--partition-guid=3:" + kRoot.text(), "--change-name=3:root-a é",
           "--attributes=3:set:60", disk});
  Bytes bytes = content_of(disk);
  Result<GptTable> table = parse_disk(bytes);
  ASSERT_TRUE(table) << error_of(table);
  EXPECT_EQ(table->disk_id, kDisk);
  EXPECT_EQ(table->first_usable_lba, 34U);
  EXPECT_EQ(table->last_usable_lba, kSectors - 34);
  ASSERT_EQ(table->partitions.size(), 2U);
  EXPECT_EQ(table->partitions[0], (GptPartition{kEspType, kEsp, 2048, 34815, 0, "esp", 1}));
  const GptPartition& root = table->partitions[1];
  EXPECT_EQ(root.type, kRootX64Type);
  EXPECT_EQ(root.id, kRoot);
  EXPECT_EQ(root.attributes, std::uint64_t{1} << 60);
  EXPECT_EQ(root.name, "root-a é");
  std::string seen = succeed({"sgdisk", "--info=3", disk});
  EXPECT_NE(seen.find("First sector: " + std::to_string(root.first_lba) + " "), seen.npos) << seen;
  EXPECT_NE(seen.find("Last sector: " + std::to_string(root.last_lba) + " "), seen.npos) << seen;

  // sgdisk repairs what it can, so the control is that we do not.
  bytes[bytes.size() - 1000] ^= 1;
  EXPECT_FALSE(parse_disk(bytes));
}

TEST(GptOracle, ReadsAnEmptyTable) {
  TempDir directory;
  std::string disk = directory.put("disk", ByteView{}).string();
  fs::resize_file(disk, kSectors * kSectorSize);
  succeed({"sgdisk", "--clear", disk});
  EXPECT_TRUE(parse_disk(content_of(disk)).value().partitions.empty());
  succeed({"sgdisk", "--verify", disk});
}

}  // namespace
}  // namespace ashlar
