#include "image/hardening.h"

#include <gtest/gtest.h>

#include "image/cache.h"
#include "image/json_read.h"
#include "image/test_elf.h"

namespace ashlar::image {
namespace {

TEST(Hardening, ShowsEveryFileOfATree) {
  TemporaryDirectory tree = TemporaryDirectory::below(::testing::TempDir()).value();
  auto put = [&](const std::string& path, const TestElf& elf) {
    fs::create_directories((tree.path() / path).parent_path());
    ASSERT_TRUE(write_file(tree.path() / path, build_elf(elf), 0755));
  };
  put("usr/bin/weak", {.code = PF_R | PF_W | PF_X, .stack = std::nullopt, .flags = DF_TEXTREL, .type = ET_EXEC});
  put("usr/lib/ashlar/init", {.flags = DF_BIND_NOW, .relro = true});
  ASSERT_TRUE(write_file(tree.path() / "usr/bin/script", as_bytes("#!/bin/sh\n"), 0755));
  std::vector<HardenedFile> files = look_at_hardening(tree.path()).value();
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].path, "/usr/bin/weak");
  EXPECT_FALSE(files[0].ours);
  EXPECT_TRUE(files[1].ours);

  Json json = parse_json(as_bytes(hardening_json(files))).value();
  for (const char* what : {"PIE", "RELRO", "NOW", "NX", "noWX", "noTEXTREL", "canary", "IBT", "CFI"}) {
    EXPECT_EQ(json[0]["has"][what], false) << what;
  }
  for (const char* what : {"RELRO", "NOW", "NX", "noWX", "noTEXTREL", "noRPATH"}) {
    EXPECT_EQ(json[1]["has"][what], true) << what;
  }
  EXPECT_TRUE(json[1]["has"]["FORTIFY"].is_null()) << "it has no names to tell by";
  const std::string table = hardening_table(files);
  EXPECT_NE(table.find("/usr/lib/ashlar/init (ours)\n"), std::string::npos) << table;
  EXPECT_NE(table.find("of 2 files"), std::string::npos) << table;
}

}  // namespace
}  // namespace ashlar::image
