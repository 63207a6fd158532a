// The image is a function of its inputs: built again elsewhere it is the same, and a check that says so can fail.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "image/inspect.h"
#include "tool.h"

namespace ashlar::test {
namespace {

CommandOutput rebuild_check(const fs::path& output, std::vector<std::string> more) {
  std::vector<std::string> arguments = {"rebuild-check", "--json", "--profile", "core", "--keys",
                                        keys_of("dev"),  "--lock", lock_file(), "-o",   output};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return ashlar(arguments);
}

// Everything but tools and kernel made anew by another user on one processor: the same disk, bit for bit.
TEST(Rebuild, ElsewhereIsTheSameDisk) {
  CommandOutput checked = rebuild_check(work_directory() / "images", {});
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

// The control: one byte of the root that is another one is found, named, and both images are kept.
TEST(Rebuild, FindsTheByteThatDiffers) {
  image::TemporaryDirectory work = scratch();
  fs::path changed = work.path() / "changed.raw";
  ASSERT_TRUE(run_checked({.argv = {"cp", "--sparse=always", core_image(), changed}}));
  std::uint64_t root = image::open_image(changed).value().table.partitions[1].first_lba * kSectorSize;
  Fd disk = open_file(changed, O_RDWR).value();
  std::array<std::uint8_t, 1> byte{};
  ASSERT_TRUE(read_at(disk, root + 12345, byte));
  byte[0] ^= 4;
  ASSERT_TRUE(write_at(disk, root + 12345, byte));

  CommandOutput checked = rebuild_check(work.path() / "out", {"--against", changed});
  expect_failure(checked, 1, "partition 2 (ashlar_");
  expect_failure(checked, 1, "from byte 12345 on");
  expect_failure(checked, 1, "root hash: the same; UKI: the same");
  nlohmann::json said = nlohmann::json::parse(checked.out);
  EXPECT_FALSE(said["same"].get<bool>());
  ASSERT_EQ(said["places"].size(), 1U);
  EXPECT_EQ(said["places"][0]["offset"].get<std::uint64_t>(), 12345U);
  EXPECT_TRUE(fs::exists(said["second"]["image"].get<std::string>()));
  EXPECT_NE(said["explanation"].get<std::string>().find("diffoscope"), std::string::npos);
}

}  // namespace
}  // namespace ashlar::test
