#include "image/compare.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "image/cache.h"
#include "image/disk.h"

namespace ashlar::image {
namespace {

TemporaryDirectory scratch() { return TemporaryDirectory::below(testing::TempDir()).value(); }

// A disk as the builder lays it out, with an ESP that is no file system.
void make_disk(const fs::path& path, const Bytes& root) {
  fs::path work = path.parent_path();
  ASSERT_TRUE(write_file(work / "esp", Bytes(4096)));
  ASSERT_TRUE(write_file(work / "root", root));
  VerityTree tree = build_verity(root, Salt{}, Guid{}, 1).value();
  DiskLayout layout = {.esp_mib = 1, .root_mib = 4, .verity_mib = 1, .data_room_mib = 64};
  Status written = write_disk(path, layout, {work / "esp", work / "root", &tree, "1"});
  ASSERT_TRUE(written) << written.error().message();
}

void flip(const fs::path& path, std::uint64_t offset) {
  Fd file = open_file(path, O_RDWR).value();
  std::array<std::uint8_t, 1> byte{};
  ASSERT_TRUE(read_at(file, offset, byte));
  byte[0] ^= 1;
  ASSERT_TRUE(write_at(file, offset, byte));
}

class Compare : public testing::Test {
 protected:
  void SetUp() override {
    make_disk(first_, Bytes(64 * 4096, 7));
    make_disk(second_, Bytes(64 * 4096, 7));
  }
  std::vector<std::string> places() {
    std::vector<std::string> names;
    ImageComparison comparison = compare_images(first_, second_).value();
    for (const DifferentPlace& place : comparison.places) {
      names.push_back(place.name + " +" + std::to_string(place.offset));
    }
    return names;
  }

  TemporaryDirectory work_ = scratch();
  fs::path first_ = work_.path() / "first";
  fs::path second_ = work_.path() / "second";
};

TEST_F(Compare, SameContentIsTheSameEvenWithOtherHoles) {
  EXPECT_TRUE(compare_images(first_, second_).value().same());
  Fd file = open_file(second_, O_RDWR).value();
  ASSERT_TRUE(write_at(file, 40 << 20, Bytes(4096)));  // zeros instead of a hole
  EXPECT_TRUE(compare_images(first_, second_).value().same());
}

TEST_F(Compare, NamesEveryPlaceThatDiffers) {
  flip(second_, 446 + 4);                             // the protective MBR
  flip(second_, (1 << 20) + 17);                      // the ESP
  flip(second_, (std::uint64_t{2} << 20) + 8192);     // slot A
  flip(second_, fs::file_size(second_) - 512 - 100);  // the backup table
  EXPECT_EQ(places(),
            (std::vector<std::string>{"partition table +450", "partition 1 (ESP) +17", "partition 2 (ashlar_1) +8192",
                                      "behind the partitions +" + std::to_string((65 << 20) - 612)}));
}

TEST_F(Compare, WithoutATableTheDiskIsOnePlace) {
  flip(first_, 512);
  EXPECT_EQ(places(), std::vector<std::string>{"disk +512"});
}

TEST_F(Compare, AnotherSizeIsADifference) {
  ASSERT_EQ(::truncate(second_.c_str(), 80 << 20), 0);
  ImageComparison comparison = compare_images(first_, second_).value();
  ASSERT_FALSE(comparison.same());
  EXPECT_EQ(comparison.places.back().name, "the disk's end");
}

TEST_F(Compare, RefusesWhatCannotBeRead) {
  EXPECT_FALSE(compare_images(first_, work_.path() / "none"));
  EXPECT_FALSE(compare_images(work_.path(), first_));
}

}  // namespace
}  // namespace ashlar::image
