#include "image/needed_check.h"

#include <gtest/gtest.h>

#include "image/cache.h"
#include "image/test_elf.h"
#include "image/tree.h"

namespace ashlar::image {
namespace {

class NeededCheck : public ::testing::Test {
 protected:
  void file(const std::string& path, const Bytes& content) {
    fs::path place = tree_ / path.substr(1);
    fs::create_directories(place.parent_path());
    ASSERT_TRUE(write_file(place, content, 0755));
  }
  void elf(const std::string& path, const TestElf& elf) { file(path, build_elf(elf)); }
  void link(const std::string& path, const std::string& target) {
    fs::path place = tree_ / path.substr(1);
    fs::create_directories(place.parent_path());
    fs::create_symlink(target, place);
  }
  // "path: need" for each.
  std::vector<std::string> missing() {
    auto found = find_missing_needs(tree_, {});
    EXPECT_TRUE(found) << found.error().message();
    std::vector<std::string> lines;
    for (const MissingNeed& one : found.value_or(std::vector<MissingNeed>()))
      lines.push_back(one.path + ": " + one.need);
    return lines;
  }

  TemporaryDirectory work_ = TemporaryDirectory::below(::testing::TempDir()).value();
  fs::path tree_ = work_.path();
};

constexpr const char* kLibraries = "/usr/lib/x86_64-linux-gnu/";

TEST_F(NeededCheck, FindsLibrariesThroughLinks) {
  link("/lib64", "usr/lib64");
  link("/lib", "usr/lib");
  elf("/usr/lib64/ld-linux-x86-64.so.2", {});
  elf(std::string(kLibraries) + "libc.so.6", {});
  elf(std::string(kLibraries) + "libfoo.so.1.2", {.needed = {"libc.so.6"}});
  link(std::string(kLibraries) + "libfoo.so.1", "libfoo.so.1.2");
  link(std::string(kLibraries) + "libbar.so.1", "/lib/x86_64-linux-gnu/libfoo.so.1");
  elf("/usr/bin/foo", {.needed = {"libfoo.so.1", "libbar.so.1"}, .interpreter = "/lib64/ld-linux-x86-64.so.2"});
  file("/usr/bin/script", Bytes{'#', '!'});
  file("/usr/bin/object.o", build_elf({.needed = {"absent.so"}, .type = ET_REL}));
  EXPECT_TRUE(missing().empty());
  EXPECT_TRUE(check_needed(tree_, {}));
}

TEST_F(NeededCheck, NamesWhatIsMissingAndWhoseItIs) {
  elf("/usr/bin/sway", {.needed = {"libLLVM.so.19"}, .interpreter = "/lib64/ld-linux-x86-64.so.2"});
  EXPECT_EQ(missing(),
            (std::vector<std::string>{"/usr/bin/sway: /lib64/ld-linux-x86-64.so.2", "/usr/bin/sway: libLLVM.so.19"}));
  Status status = check_needed(tree_, {{"/usr/bin/sway", "sway"}});
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message().find("/usr/bin/sway needs libLLVM.so.19 (package sway)"), std::string::npos);
}

TEST_F(NeededCheck, LooksWhereTheFileSays) {
  elf("/opt/app/lib/libown.so", {});
  elf("/opt/app/bin/a", {.needed = {"libown.so"}, .runpath = "/nowhere:$ORIGIN/../lib"});
  elf("/opt/app/bin/b", {.needed = {"libown.so"}, .rpath = "${ORIGIN}/../lib"});
  elf("/opt/app/bin/c", {.needed = {"libown.so"}});
  elf("/opt/app/bin/d", {.needed = {"libown.so"}, .runpath = "/nowhere", .rpath = "$ORIGIN/../lib"});
  EXPECT_EQ(missing(), (std::vector<std::string>{"/opt/app/bin/c: libown.so", "/opt/app/bin/d: libown.so"}));
}

TEST_F(NeededCheck, ReadsTheLoadersConfiguration) {
  elf("/opt/special/libown.so", {});
  elf("/usr/bin/a", {.needed = {"libown.so"}});
  EXPECT_EQ(missing().size(), 1U);
  file("/etc/ld.so.conf.d/special.conf", Bytes());
  ASSERT_TRUE(write_file(tree_ / "etc/ld.so.conf.d/special.conf", as_bytes("# ours\n/opt/special\n")));
  EXPECT_TRUE(missing().empty());
}

TEST_F(NeededCheck, NeverLooksOutsideTheTree) {
  ASSERT_TRUE(fs::exists("/proc/self/exe"));
  link(std::string(kLibraries) + "libc.so.6", "/proc/self/exe");
  link(std::string(kLibraries) + "libd.so.6", "../../../../../../../../../../proc/self/exe");
  link(std::string(kLibraries) + "libe.so.6", "libe.so.6");
  elf("/usr/bin/a", {.needed = {"libc.so.6", "libd.so.6", "libe.so.6"}});
  EXPECT_EQ(missing().size(), 3U);
  fs::remove(tree_ / (std::string(kLibraries).substr(1) + "libe.so.6"));
}

TEST_F(NeededCheck, ABrokenFileIsAnError) {
  Bytes bytes = build_elf({.needed = {"libc.so.6"}});
  bytes.resize(sizeof(Elf64_Ehdr) + 10);
  file("/usr/bin/a", bytes);
  auto found = find_missing_needs(tree_, {});
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message().find("/usr/bin/a"), std::string::npos);
}

TEST_F(NeededCheck, LooksAtTheProgramsItIsAskedAbout) {
  elf("/usr/lib/ashlar/data", {.needed = {"libcryptsetup.so.12"}});
  elf("/usr/bin/other", {.needed = {"libabsent.so"}});
  EXPECT_TRUE(check_needed_by(tree_, {}));
  Status status = check_needed_by(tree_, {"/usr/lib/ashlar/data"});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(),
            "libraries are missing from the image:\n  /usr/lib/ashlar/data needs libcryptsetup.so.12\n"
            "the profile has a program of ours without the packages it is linked to");
  elf(std::string(kLibraries) + "libcryptsetup.so.12", {});
  EXPECT_TRUE(check_needed_by(tree_, {"/usr/lib/ashlar/data"}));
  EXPECT_FALSE(check_needed_by(tree_, {"/usr/lib/ashlar/absent"}));
}

// Our own programs are laid over a tree that was checked without them.
TEST_F(NeededCheck, ComesWithTheProgramsThatAreLaidOverTheTree) {
  fs::path os = work_.path() / "os";
  fs::path made = work_.path() / "made";
  tree_ = work_.path() / "tree";
  fs::create_directories(os / "root/usr/share/ashlar/sway");
  fs::create_directories(os / "shell");
  ASSERT_TRUE(write_file(os / "root/usr/share/ashlar/sway/config", as_bytes("exec foot\n")));
  ASSERT_TRUE(write_file(os / "shell/commands", {}));
  ASSERT_TRUE(write_file(made, build_elf({.needed = {"libcryptsetup.so.12"}})));
  fs::create_directories(tree_ / "etc");
  fs::create_directories(tree_ / "usr/lib");
  Overlay overlay = {.os = os,
                     .programs = {{kBootProgram, made, {}}, {kDataProgram, made, {}}},
                     .variant = Variant::kDev,
                     .version = "0.1.0",
                     .profile = "storage"};
  Status status = add_overlay(overlay, tree_);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message().find("/usr/lib/ashlar/data needs libcryptsetup.so.12"), std::string::npos);
  elf(std::string(kLibraries) + "libcryptsetup.so.12", {});
  EXPECT_TRUE(add_overlay(overlay, tree_));
  EXPECT_TRUE(fs::exists(tree_ / "usr/lib/ashlar/data"));
  EXPECT_FALSE(fs::exists(tree_ / "usr/lib/ashlar/boot"));
  EXPECT_EQ(read_text(tree_ / "usr/share/ashlar/commands").value(), "#!/usr/bin/false\nfoot\n");
}

}  // namespace
}  // namespace ashlar::image
