#include "format/fat.h"

#include <sys/mman.h>

#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;

constexpr std::size_t kSector = 512;  // and a cluster
constexpr std::uint32_t kLast = 0x0fffffff;

// One FAT, one sector a cluster, the root directory in cluster 2.
class TestVolume {
 public:
  explicit TestVolume(std::uint32_t clusters) : fat_sectors_(((clusters + 2) * 4 + kSector - 1) / kSector) {
    auto sectors = static_cast<std::uint32_t>(1 + fat_sectors_ + clusters);
    bytes_.resize(sectors * kSector);
    put(11, Le16(std::uint16_t{kSector}));
    put(13, std::uint8_t{1});         // sectors a cluster
    put(14, Le16(std::uint16_t{1}));  // reserved sectors
    put(16, std::uint8_t{1});         // FATs
    put(32, Le32(sectors));
    put(36, Le32(static_cast<std::uint32_t>(fat_sectors_)));
    put(44, Le32(2U));
    chain(2, kLast);
  }

  template <typename T>
  void put(std::size_t offset, const T& value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }
  void chain(std::uint32_t cluster, std::uint32_t next) { put(kSector + std::size_t{cluster} * 4, Le32(next)); }
  [[nodiscard]] std::size_t cluster_offset(std::uint32_t cluster) const {
    return (1 + fat_sectors_ + cluster - 2) * kSector;
  }
  // Entry number `index` of the directory in `cluster`.
  void entry(std::uint32_t cluster, unsigned index, const char* name, std::uint8_t attributes, std::uint32_t first,
             std::uint32_t size) {
    std::size_t at = cluster_offset(cluster) + index * std::size_t{32};
    std::memcpy(bytes_.data() + at, name, 11);
    put(at + 11, attributes);
    put(at + 20, Le16(static_cast<std::uint16_t>(first >> 16)));
    put(at + 26, Le16(static_cast<std::uint16_t>(first)));
    put(at + 28, Le32(size));
  }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] std::string error() const { return error_of(read_fat32(bytes_)); }

 private:
  std::size_t fat_sectors_;
  Bytes bytes_;
};

constexpr std::uint8_t kDirectory = 0x10;

TEST(Fat, ReadsFilesInDirectories) {
  TestVolume volume(20);
  volume.entry(2, 0, "EFI        ", kDirectory, 3, 0);
  volume.entry(2, 1, "EMPTY   TXT", 0, 0, 0);
  volume.chain(3, kLast);
  volume.entry(3, 0, "A       EFI", 0, 4, 600);
  volume.chain(4, 6);
  volume.chain(6, kLast);
  volume.put(volume.cluster_offset(6), std::uint8_t{'x'});
  std::vector<FatFile> files = read_fat32(volume.bytes()).value();
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].path, "EFI/A.EFI");
  ASSERT_EQ(files[0].content.size(), 600U);
  EXPECT_EQ(files[0].content[512], 'x');
  EXPECT_EQ(files[1].path, "EMPTY.TXT");
}

// The path is long enough to be on the heap, where the sanitizers see whether a refusal loses it.
TEST(Fat, RefusesChainsThatAreNone) {
  auto with_file = [](std::uint32_t size, auto change) {
    TestVolume volume(20);
    volume.entry(2, 0, "DIRECTOR   ", kDirectory, 3, 0);
    volume.chain(3, kLast);
    volume.entry(3, 0, "A_BINARYEFI", 0, 4, size);
    volume.chain(4, 5);
    volume.chain(5, kLast);
    change(volume);
    return volume.error();
  };
  auto as_it_is = [](TestVolume&) {};
  EXPECT_EQ(with_file(1024, as_it_is), "(no error)") << "the control";
  EXPECT_EQ(with_file(512, as_it_is), "ESP: DIRECTOR/A_BINARY.EFI: a cluster chain is longer than its file");
  EXPECT_EQ(with_file(1025, as_it_is), "ESP: DIRECTOR/A_BINARY.EFI: a cluster chain is shorter than its file");
  EXPECT_EQ(with_file(0xffffffff, as_it_is), "ESP: DIRECTOR/A_BINARY.EFI: a file is larger than its volume");
  EXPECT_EQ(with_file(1024, [](TestVolume& v) { v.chain(4, 4); }),
            "ESP: DIRECTOR/A_BINARY.EFI: two cluster chains meet");
  EXPECT_EQ(with_file(1024, [](TestVolume& v) { v.chain(4, 2); }),
            "ESP: DIRECTOR/A_BINARY.EFI: two cluster chains meet");
  EXPECT_EQ(with_file(1024, [](TestVolume& v) { v.chain(4, 22); }),
            "ESP: DIRECTOR/A_BINARY.EFI: a cluster chain leaves the volume");
  EXPECT_EQ(with_file(1024, [](TestVolume& v) { v.chain(4, 0); }),
            "ESP: DIRECTOR/A_BINARY.EFI: a cluster chain leaves the volume");
}

TEST(Fat, RefusesATreeWithoutAnEnd) {
  TestVolume volume(40);
  for (std::uint32_t cluster = 2; cluster < 30; ++cluster) {
    volume.chain(cluster, kLast);
    volume.entry(cluster, 0, "D          ", kDirectory, cluster + 1, 0);
  }
  EXPECT_EQ(volume.error(), "ESP: directories are nested too deeply");
  TestVolume loop(20);
  loop.entry(2, 0, "D          ", kDirectory, 2, 0);
  EXPECT_EQ(loop.error(), "ESP: two cluster chains meet");
}

TEST(Fat, RefusesALargeDirectory) {
  constexpr std::uint32_t kClusters = (2 << 20) / kSector + 1;
  TestVolume volume(kClusters);
  for (std::uint32_t cluster = 2; cluster < kClusters + 2; ++cluster) {
    for (unsigned i = 0; i < 16; ++i) volume.entry(cluster, i, "\xe5          ", 0, 0, 0);
    volume.chain(cluster, cluster == kClusters + 1 ? kLast : cluster + 1);
  }
  EXPECT_EQ(volume.error(), "ESP: a directory is larger than 2 MiB");
}

TEST(Fat, RefusesVeryManyFiles) {
  TestVolume volume(300);
  for (std::uint32_t cluster = 2; cluster < 300; ++cluster) {
    for (unsigned i = 0; i < 16; ++i) volume.entry(cluster, i, "A          ", 0, 0, 0);
    volume.chain(cluster, cluster == 299 ? kLast : cluster + 1);
  }
  EXPECT_EQ(volume.error(), "ESP: there are more than 4096 files");
}

// Mostly a hole: room on the disk for a few sectors only, and files as large as memory.
TEST(Fat, RefusesAVolumeLargerThanAnyOfOurs) {
  constexpr std::size_t kSize = std::size_t{2} << 30;
  void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  TestVolume head(20);
  head.put(32, Le32(static_cast<std::uint32_t>(kSize / kSector)));
  std::memcpy(memory, head.bytes().data(), head.bytes().size());
  EXPECT_EQ(error_of(read_fat32({static_cast<const std::uint8_t*>(memory), kSize})),
            "ESP: the FAT volume is larger than 1 GiB");
  ::munmap(memory, kSize);
}

TEST(Fat, RefusesOtherFileSystems) {
  EXPECT_FALSE(read_fat32({}));
  EXPECT_FALSE(read_fat32(Bytes(1 << 16)));
  for (std::size_t field : {11, 13, 16, 17, 22, 32, 36}) {
    TestVolume volume(20);
    ASSERT_EQ(volume.error(), "(no error)");
    volume.put(field, std::uint8_t{255});
    EXPECT_NE(volume.error(), "(no error)") << field;
  }
}

}  // namespace
}  // namespace ashlar
