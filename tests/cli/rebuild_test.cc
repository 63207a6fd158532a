// The image is a function of its inputs: built again elsewhere it is the same, and a check that says so can fail.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "image/compare.h"
#include "image/inspect.h"
#include "tool.h"

namespace ashlar::test {
namespace {

// Everything but the kernel made anew by another user on one processor: the same disk, bit for bit.
TEST(Rebuild, ElsewhereIsTheSameDisk) {
  CommandOutput checked = ashlar({"rebuild-check", "--json", "--profile", "core", "--keys", keys_of("dev"), "--lock",
                                  lock_file(), "-o", work_directory() / "images"});
  ASSERT_EQ(checked.exit_status, 0) << checked.err;
  nlohmann::json said = nlohmann::json::parse(checked.out);
  EXPECT_TRUE(said["same"].get<bool>());
  EXPECT_TRUE(said["same_root_hash"].get<bool>());
  EXPECT_TRUE(said["same_uki"].get<bool>());
  EXPECT_EQ(said["first"].get<std::string>(), core_image().string());
  EXPECT_FALSE(fs::exists(said["second"]["image"].get<std::string>())) << "nothing is left where they are the same";
  for (const auto& step : said["second"]["steps"]) {
    EXPECT_EQ(step["cached"].get<bool>(), step["step"] == "kernel") << step["step"];
  }
}

// The control: one byte of the root that is another one is found and named. That a whole check then fails and keeps
// both images costs another build; `--against` shows it.
TEST(Rebuild, FindsTheByteThatDiffers) {
  image::TemporaryDirectory work = scratch();
  fs::path changed = work.path() / "changed.raw";
  ASSERT_TRUE(run_checked({.argv = {"cp", "--sparse=always", core_image(), changed}}));
  EXPECT_TRUE(image::compare_images(core_image(), changed).value().same());
  std::uint64_t root = image::open_image(changed).value().table.partitions[1].first_lba * kSectorSize;
  Fd disk = open_file(changed, O_RDWR).value();
  std::array<std::uint8_t, 1> byte{};
  ASSERT_TRUE(read_at(disk, root + 12345, byte));
  byte[0] ^= 4;
  ASSERT_TRUE(write_at(disk, root + 12345, byte));

  image::ImageComparison comparison = image::compare_images(core_image(), changed).value();
  ASSERT_EQ(comparison.places.size(), 1U);
  EXPECT_TRUE(comparison.places[0].name.starts_with("partition 2 (ashlar_")) << comparison.places[0].name;
  EXPECT_EQ(comparison.places[0].offset, 12345U);
  EXPECT_EQ(comparison.same_root_hash, true);
  EXPECT_EQ(comparison.same_uki, true);
  image::Suspect suspect = image::extract_suspect(comparison, core_image(), changed, work.path()).value();
  EXPECT_EQ(suspect.name, "root.erofs");
  EXPECT_NE(read_file(suspect.first).value(), read_file(suspect.second).value());
}

}  // namespace
}  // namespace ashlar::test
