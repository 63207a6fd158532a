#include "format/gpt.h"

#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;

constexpr std::uint64_t kDisk = 4096;  // sectors
constexpr Guid kFirst = "11111111-1111-1111-1111-111111111111"_guid;
constexpr Guid kSecond = "22222222-2222-2222-2222-222222222222"_guid;

void put(Bytes& to, std::size_t offset, ByteView bytes) { std::memcpy(to.data() + offset, bytes.data(), bytes.size()); }

std::uint32_t crc_of(ByteView bytes) {
  std::uint32_t crc = 0xffffffff;
  for (std::uint8_t byte : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (((crc ^ byte >> bit) & 1U) * 0xedb88320U);
  }
  return ~crc;
}

// A disk with two partitions, in its two pieces; seal() sets the checksums after a test has changed something.
struct Disk {
  Bytes first = Bytes(kGptFirstSectors * kSectorSize);
  Bytes last = Bytes(kGptLastSectors * kSectorSize);
  static constexpr std::size_t kBackup = 32 * kSectorSize;

  Disk() {
    first[446 + 4] = 0xee;
    put(first, 446 + 8, bytes_of(Le32(1U)));
    put(first, 446 + 12, bytes_of(Le32(static_cast<std::uint32_t>(kDisk - 1))));
    put(first, 510, bytes_of(Le16(std::uint16_t{0xaa55})));
    header(first, kSectorSize, 1, kDisk - 1, 2);
    header(last, kBackup, kDisk - 1, 1, kDisk - 33);
    entry(0, kEspType, kFirst, 2048, 3000, u"ESP \u00e9\U0001F600");
    entry(1, kRootX64Type, kSecond, 3001, 3010, u"root-a");
    seal();
  }
  static void header(Bytes& to, std::size_t at, std::uint64_t mine, std::uint64_t other, std::uint64_t table) {
    put(to, at, as_bytes("EFI PART"));
    put(to, at + 8, bytes_of(Le32(0x10000U)));
    put(to, at + 12, bytes_of(Le32(92U)));
    put(to, at + 24, bytes_of(Le64(mine)));
    put(to, at + 32, bytes_of(Le64(other)));
    put(to, at + 40, bytes_of(Le64(34)));
    put(to, at + 48, bytes_of(Le64(kDisk - 34)));
    put(to, at + 56, kFirst.raw);
    put(to, at + 72, bytes_of(Le64(table)));
    put(to, at + 80, bytes_of(Le32(128U)));
    put(to, at + 84, bytes_of(Le32(128U)));
  }
  void entry(std::size_t index, const Guid& type, const Guid& id, std::uint64_t from, std::uint64_t to,
             std::u16string_view name) {
    Bytes raw;
    append(raw, type.raw);
    append(raw, id.raw);
    append(raw, bytes_of(Le64(from)));
    append(raw, bytes_of(Le64(to)));
    append(raw, Bytes(8));
    for (char16_t unit : name) append(raw, bytes_of(Le16(static_cast<std::uint16_t>(unit))));
    raw.resize(128);
    put(first, 1024 + index * 128, raw);
    put(last, index * 128, raw);
  }
  void seal_copy(Bytes& in, std::size_t at, std::size_t table) {
    put(in, at + 88, bytes_of(Le32(crc_of(ByteView(in).subspan(table, 16384)))));
    put(in, at + 16, bytes_of(Le32(0U)));
    put(in, at + 16, bytes_of(Le32(crc_of(ByteView(in).subspan(at, 92)))));
  }
  void seal() {
    seal_copy(first, kSectorSize, 1024);
    seal_copy(last, kBackup, 0);
  }
  [[nodiscard]] Result<GptTable> parse(std::uint64_t sectors = kDisk) const { return parse_gpt(first, last, sectors); }
};

TEST(Gpt, ReadsPartitions) {
  ASSERT_EQ(crc_of(as_bytes("123456789")), 0xcbf43926U);  // the check value of CRC-32
  GptTable table = Disk().parse().value();
  ASSERT_EQ(table.partitions.size(), 2U);
  EXPECT_EQ(table.disk_id, kFirst);
  EXPECT_EQ(table.partitions[0].type, kEspType);
  EXPECT_EQ(table.partitions[0].name, "ESP \u00e9\U0001F600");
  EXPECT_EQ(table.partitions[0].sectors(), 953U);
  EXPECT_EQ(table.partitions[1].id, kSecond);
  EXPECT_EQ(table.partitions[1].last_lba, 3010U);
}

// Every byte of both headers, and some of the long tables.
TEST(Gpt, NoticesChangesInBothCopies) {
  constexpr std::size_t kStep = 61;
  Disk disk;
  for (std::size_t i = 446; i < disk.first.size(); i += i < 1024 ? 1 : kStep) {
    // Status and cylinders of the protective entry mean nothing.
    if (i < 450 || (i > 450 && i < 454)) continue;
    disk.first[i] ^= 1;
    EXPECT_FALSE(disk.parse()) << i;
    disk.first[i] ^= 1;
  }
  for (std::size_t i = 0; i < disk.last.size(); i += i < Disk::kBackup ? kStep : 1) {
    disk.last[i] ^= 1;
    EXPECT_FALSE(disk.parse()) << i;
    disk.last[i] ^= 1;
  }
  EXPECT_TRUE(disk.parse());
}

TEST(Gpt, SaysWhichCopyIsBroken) {
  Disk disk;
  disk.first[kSectorSize] ^= 1;
  EXPECT_EQ(error_of(disk.parse()), "GPT: primary copy: no signature");
  disk = Disk();
  disk.last[200] ^= 1;
  EXPECT_EQ(error_of(disk.parse()), "GPT: backup copy: the table's checksum is wrong");
  disk = Disk();
  disk.last[56] ^= 1;
  disk.seal();
  EXPECT_EQ(error_of(disk.parse()), "GPT: the two copies differ");
}

TEST(Gpt, RefusesPartitionsThatCannotBe) {
  auto with = [](std::uint64_t from, std::uint64_t to, const Guid& id, const Guid& type) {
    Disk disk;
    disk.entry(5, type, id, from, to, u"x");
    disk.seal();
    return error_of(disk.parse());
  };
  constexpr Guid kThird = "33333333-3333-3333-3333-333333333333"_guid;
  EXPECT_EQ(with(3500, 3600, kThird, kLinuxDataType), "(no error)");
  EXPECT_EQ(with(3010, 3600, kThird, kLinuxDataType),
            "GPT: partitions " + kThird.text() + " and " + kSecond.text() + " overlap");
  EXPECT_EQ(with(3500, 3600, kSecond, kLinuxDataType), "GPT: two partitions have the identifier " + kSecond.text());
  EXPECT_EQ(with(3600, 3500, kThird, kLinuxDataType), "GPT: partition 6: it ends before it begins");
  EXPECT_EQ(with(33, 40, kThird, kLinuxDataType), "GPT: partition 6: it lies outside the usable sectors");
  EXPECT_EQ(with(4000, kDisk - 33, kThird, kLinuxDataType), "GPT: partition 6: it lies outside the usable sectors");
  EXPECT_EQ(with(3500, ~0ULL, kThird, kLinuxDataType), "GPT: partition 6: it lies outside the usable sectors");
  EXPECT_EQ(with(3500, 3600, Guid{}, kLinuxDataType), "GPT: partition 6: no identifier");
  EXPECT_EQ(with(3500, 3600, kThird, Guid{}), "GPT: partition 6: an unused entry that is not empty");
}

TEST(Gpt, RefusesTheWrongDisk) {
  Disk disk;
  EXPECT_FALSE(disk.parse(kDisk + 1));
  EXPECT_FALSE(disk.parse(kDisk - 1));
  EXPECT_FALSE(disk.parse(0));
  EXPECT_FALSE(disk.parse(~0ULL));
  disk.first.pop_back();
  EXPECT_EQ(error_of(disk.parse()), "GPT: too few sectors to look at");
}

TEST(Gpt, RefusesBrokenNames) {
  Disk disk;
  disk.entry(0, kEspType, kFirst, 2048, 3000, std::u16string(1, char16_t{0xd800}));
  disk.seal();
  EXPECT_EQ(error_of(disk.parse()), "GPT: partition 1: half a character");
  disk.entry(0, kEspType, kFirst, 2048, 3000, std::u16string_view(u"a\0b", 3));
  disk.seal();
  EXPECT_EQ(error_of(disk.parse()), "GPT: partition 1: a name behind its end");
}

}  // namespace
}  // namespace ashlar
