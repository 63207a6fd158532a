// With the host's e2fsprogs, on a file.
#include "data/file_system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/subprocess.h"

namespace ashlar {
namespace {

class FileSystemTest : public ::testing::Test {
 protected:
  FileSystemTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-ext4-XXXXXX").string();
    Fd file(::mkstemp(name.data()));
    EXPECT_EQ(::ftruncate(file.get(), 64 << 20), 0);
    device_ = name;
  }
  ~FileSystemTest() override { fs::remove(device_); }

  // The value of a line "NAME:   value" of dumpe2fs -h.
  std::string told(const std::string& name) {
    std::string all = "\n" + run_checked({.argv = {"/usr/sbin/dumpe2fs", "-h", device_.string()}}).value();
    std::size_t at = all.find("\n" + name + ":");
    if (at == std::string::npos) return "(none)";
    at = all.find_first_not_of(" \t", at + name.size() + 2);
    return all.substr(at, all.find('\n', at) - at);
  }
  void edit(const std::string& request) const {
    ASSERT_TRUE(run_checked({.argv = {"/usr/sbin/debugfs", "-w", "-R", request, device_.string()}}));
  }

  fs::path device_;
};

TEST_F(FileSystemTest, HasWhatWasAskedForAndNothingElse) {
  Status made = make_ext4(device_);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(told("Filesystem volume name"), "data");
  EXPECT_EQ(told("Filesystem features"),
            "has_journal ext_attr dir_index orphan_file filetype extent 64bit flex_bg encrypt sparse_super large_file "
            "huge_file dir_nlink extra_isize metadata_csum");
  EXPECT_EQ(told("Block size"), "4096");
  EXPECT_EQ(told("Inode size"), "256");
  EXPECT_EQ(told("Errors behavior"), "Remount read-only");
  EXPECT_EQ(told("Maximum mount count"), "-1");
  EXPECT_EQ(told("Check interval"), "0 (<none>)");
  EXPECT_TRUE(check_ext4(device_));
}

TEST_F(FileSystemTest, ASmallFaultIsRepaired) {
  ASSERT_TRUE(make_ext4(device_));
  edit("set_super_value state 2");  // it has errors: e2fsck looks at everything
  edit("set_super_value free_blocks_count 1");
  Status checked = check_ext4(device_);
  EXPECT_TRUE(checked) << checked.error().message();
}

TEST_F(FileSystemTest, WhatNeedsAPersonIsSaidInWords) {
  ASSERT_TRUE(make_ext4(device_));
  edit("set_super_value state 2");
  edit("clri <2>");  // the root directory
  Status checked = check_ext4(device_);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message().find("a person has to decide"), std::string::npos) << checked.error().message();
  EXPECT_NE(checked.error().message().find("UNEXPECTED INCONSISTENCY"), std::string::npos) << checked.error().message();
}

TEST_F(FileSystemTest, FailuresQuoteTheProgram) {
  Status made = make_ext4(device_.string() + ".not");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message().find("mke2fs ended with status 1: "), std::string::npos) << made.error().message();
  EXPECT_NE(made.error().message().find("does not exist"), std::string::npos) << made.error().message();
  Status checked = check_ext4(device_);  // zeros
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message().find("e2fsck ended with status 8: "), std::string::npos)
      << checked.error().message();
}

}  // namespace
}  // namespace ashlar
