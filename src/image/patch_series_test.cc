#include "image/patch_series.h"

#include <gtest/gtest.h>

#include "image/cache.h"

namespace ashlar::image {
namespace {

const std::string kHash(64, 'a');

std::string refusal(std::string_view text) {
  auto parsed = parse_series(text);
  return parsed ? "" : parsed.error().message();
}

TEST(PatchSeries, KeepsTheOrderAndSkipsComments) {
  auto parsed = parse_series("# first\n\n" + kHash + "  b.patch\n" + kHash + "  theirs/a.patch");
  ASSERT_TRUE(parsed) << parsed.error().message();
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_EQ((*parsed)[0].path, "b.patch");
  EXPECT_EQ((*parsed)[1].path, "theirs/a.patch");
  EXPECT_EQ((*parsed)[1].sha256.hex(), kHash);
}

TEST(PatchSeries, RefusesWhatSha256sumDoesNotPrint) {
  for (const std::string& line :
       {std::string("x"), kHash, kHash + "  ", kHash + " a.patch", kHash.substr(1) + "  a.patch", kHash + "  a.diff",
        kHash + "  ../a.patch", kHash + "  /a.patch", kHash + "  a//b.patch", kHash + "  .a.patch"}) {
    EXPECT_TRUE(refusal("# head\n" + line).starts_with("line 2: ")) << line << ": " << refusal("# head\n" + line);
  }
  EXPECT_EQ(refusal(kHash + "  a.patch\n" + kHash + "  a.patch\n"), "line 2: 'a.patch' is there twice");
}

class PatchDirectory : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    fs::create_directories((directory_.path() / path).parent_path());
    ASSERT_TRUE(write_file(directory_.path() / path, as_bytes(text)));
  }
  std::string fault() {
    auto read = read_series(directory_.path());
    return read ? "" : read.error().message();
  }

  TemporaryDirectory directory_ = TemporaryDirectory::below(::testing::TempDir()).value();
};

TEST_F(PatchDirectory, IsWhatItsSeriesSays) {
  put("a.patch", "one");
  put("theirs/b.patch", "two");
  put("series", sha256("two").hex() + "  theirs/b.patch\n" + sha256("one").hex() + "  a.patch\n");
  auto read = read_series(directory_.path());
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].text, "two");
  EXPECT_EQ((*read)[1].path, "a.patch");

  put("a.patch", "altered");
  EXPECT_NE(fault().find("a.patch has the SHA-256 " + sha256("altered").hex()), std::string::npos) << fault();
  put("a.patch", "one");
  put("theirs/c.patch", "three");
  EXPECT_NE(fault().find("theirs/c.patch is not in "), std::string::npos) << fault();
  fs::remove(directory_.path() / "theirs/c.patch");
  EXPECT_EQ(fault(), "") << "the control";
  fs::remove(directory_.path() / "a.patch");
  EXPECT_NE(fault().find("a.patch"), std::string::npos) << fault();
}

}  // namespace
}  // namespace ashlar::image
