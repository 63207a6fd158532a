#include <gtest/gtest.h>

#include "image/accounts.h"
#include "image/boot_files.h"
#include "image/cache.h"
#include "image/disk.h"
#include "image/kernel.h"
#include "image/keys.h"

namespace ashlar::image {
namespace {

TemporaryDirectory scratch() { return TemporaryDirectory::below(testing::TempDir()).value(); }

TEST(InputHash, TellsApartWhatRunsTogether) {
  EXPECT_EQ(InputHash("s", 1).add("a", "bc").finish(), InputHash("s", 1).add("a", "bc").finish());
  EXPECT_NE(InputHash("s", 1).add("a", "bc").finish(), InputHash("s", 1).add("ab", "c").finish());
  EXPECT_NE(InputHash("s", 1).finish(), InputHash("s", 2).finish());
}

TEST(InputHash, SeesContentNameAndExecutableBit) {
  TemporaryDirectory work = scratch();
  fs::path directory = work.path() / "d";
  fs::create_directory(directory);
  auto hash = [&] {
    InputHash inputs("s", 1);
    EXPECT_TRUE(inputs.add_files(directory));
    return inputs.finish();
  };
  ASSERT_TRUE(write_file(directory / "f", as_bytes("one")));
  Sha256Digest first = hash();
  EXPECT_EQ(hash(), first);
  fs::permissions(directory / "f", fs::perms::owner_exec, fs::perm_options::add);
  EXPECT_NE(hash(), first);
  fs::permissions(directory / "f", fs::perms::owner_exec, fs::perm_options::remove);
  EXPECT_EQ(hash(), first);
  ASSERT_TRUE(write_file(directory / "f", as_bytes("two")));
  EXPECT_NE(hash(), first);
}

TEST(Cache, MakesOnceAndLeavesNothingHalf) {
  TemporaryDirectory work = scratch();
  Cache cache(work.path());
  Sha256Digest key = sha256("key");
  int made = 0;
  auto failing = cache.get("kind", key, [&](const fs::path& path) -> Status {
    ++made;
    EXPECT_TRUE(write_file(path, as_bytes("half")));
    return fail("power cut");
  });
  EXPECT_FALSE(failing);
  for (bool expected_cached : {false, true}) {
    auto entry = cache.get("kind", key, [&](const fs::path& path) {
      ++made;
      return write_file(path, as_bytes("whole"));
    });
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->was_cached, expected_cached);
    EXPECT_EQ(read_text(entry->path).value(), "whole");
  }
  EXPECT_EQ(made, 2);
}

TEST(RemoveTree, DeletesWhatItsOwnerCannotWrite) {
  TemporaryDirectory work = scratch();
  fs::create_directories(work.path() / "t/closed/inner");
  fs::permissions(work.path() / "t/closed", fs::perms::none);
  EXPECT_TRUE(remove_tree(work.path() / "t"));
  EXPECT_FALSE(fs::exists(work.path() / "t"));
}

// The cache and the output may lie on different file systems, where the kernel copies nothing itself.
TEST(Disk, HoldsTheSameBytesFromAnotherFileSystem) {
  TemporaryDirectory here = scratch();
  TemporaryDirectory there = TemporaryDirectory::below("/dev/shm").value();
  Bytes content(3 << 20);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint8_t>(i * 2654435761U >> 24);
  VerityTree verity = build_verity(content, Salt{}, Guid{}, 1).value();
  DiskLayout layout = {.esp_mib = 4, .root_mib = 4, .verity_mib = 4, .data_room_mib = 1};
  std::vector<Bytes> disks;
  for (const fs::path& from : {here.path(), there.path()}) {
    ASSERT_TRUE(write_file(from / "part", content));
    Status written = write_disk(here.path() / "disk", layout, {from / "part", from / "part", &verity, "1"});
    ASSERT_TRUE(written) << written.error().message();
    disks.push_back(read_file(here.path() / "disk").value());
  }
  EXPECT_TRUE(disks[0] == disks[1]);
  EXPECT_TRUE(std::ranges::equal(std::span(disks[1]).subspan(5 << 20, content.size()), content)) << "root";
}

TEST(UnmetLines, NamesWhatTheConfigurationDoesNotHold) {
  std::string config = "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=\"text\"\n";
  EXPECT_TRUE(
      unmet_lines("CONFIG_A=y\n# CONFIG_B is not set\n# CONFIG_D is not set\nCONFIG_C=\"text\"\n# a comment\n", config)
          .empty());
  EXPECT_EQ(unmet_lines("CONFIG_B=y\n", config), std::vector<std::string>{"CONFIG_B=y: is not set"});
  EXPECT_EQ(unmet_lines("# CONFIG_A is not set\n", config), std::vector<std::string>{"CONFIG_A off: is y"});
}

TEST(CommandLine, EndsWhereTheKernelStopsReading) {
  RootHash hash{sha256("root")};
  EXPECT_EQ(build_command_line("# why\npanic=10\n\nx=y\n", hash, Variant::kRelease).value(),
            "panic=10 x=y roothash=" + hash.hex() + " --");
  EXPECT_EQ(build_command_line("panic=10", hash, Variant::kDev).value(),
            "panic=10 console=ttyS0 roothash=" + hash.hex() + " --");
  EXPECT_FALSE(build_command_line("a b\n", hash, Variant::kDev));
  EXPECT_FALSE(build_command_line("--\n", hash, Variant::kDev));
}

constexpr std::string_view kUser = "[[user]]\nname = \"u\"\nid = 7\nhome = \"/h\"\nshell = \"/s\"\n";

TEST(Accounts, WritesPasswdAndGroup) {
  AccountFiles files =
      build_accounts(std::string(kUser) + "groups = [\"g\"]\n[[group]]\nname = \"g\"\nid = 3\n", "users.toml").value();
  EXPECT_EQ(files.passwd, "u:*:7:7::/h:/s\n");
  EXPECT_EQ(files.group, "g:*:3:u\nu:*:7:\n");
}

TEST(Accounts, RefusesWhatContradictsItself) {
  EXPECT_TRUE(build_accounts(kUser, "f"));
  EXPECT_FALSE(build_accounts(std::string(kUser) + std::string(kUser), "f"));
  EXPECT_FALSE(build_accounts(std::string(kUser) + "groups = [\"none\"]\n", "f"));
  EXPECT_FALSE(build_accounts(std::string(kUser) + "[[group]]\nname = \"g\"\nid = 7\n", "f"));
  EXPECT_FALSE(build_accounts(std::string(kUser) + "shel = \"/s\"\n", "f"));
}

TEST(KeySet, IsMadeForOneVariantAndKeptToItself) {
  TemporaryDirectory work = scratch();
  fs::path directory = work.path() / "keys";
  ASSERT_TRUE(create_key_set(directory, Variant::kDev));
  EXPECT_EQ(fs::status(directory).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(directory / "db.key").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  Result<KeySet> keys = load_key_set(directory);
  ASSERT_TRUE(keys) << keys.error().message();
  EXPECT_EQ(keys->variant, Variant::kDev);
  EXPECT_FALSE(create_key_set(directory, Variant::kDev)) << "keys are never overwritten";
}

TEST(KeySet, RefusesKeysThatDoNotBelongTogether) {
  TemporaryDirectory work = scratch();
  ASSERT_TRUE(create_key_set(work.path() / "dev", Variant::kDev));
  ASSERT_TRUE(create_key_set(work.path() / "release", Variant::kRelease));
  auto message = [&] { return load_key_set(work.path() / "dev").error().message(); };
  fs::path dev = work.path() / "dev";

  fs::permissions(dev / "db.key", fs::perms::others_read, fs::perm_options::add);
  EXPECT_NE(message().find("may be read by others"), std::string::npos);
  fs::permissions(dev / "db.key", fs::perms::others_read, fs::perm_options::remove);
  ASSERT_TRUE(load_key_set(dev));

  fs::copy_file(work.path() / "release/db.crt", dev / "db.crt", fs::copy_options::overwrite_existing);
  EXPECT_NE(message().find("key db"), std::string::npos) << "a key that does not match its certificate";
  fs::copy_file(work.path() / "release/db.key", dev / "db.key", fs::copy_options::overwrite_existing);
  EXPECT_NE(message().find("two variants"), std::string::npos);
  fs::remove(dev / "pcr.key");
  EXPECT_NE(message().find("pcr.key"), std::string::npos);
}

}  // namespace
}  // namespace ashlar::image
