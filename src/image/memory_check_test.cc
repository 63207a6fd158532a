#include "image/memory_check.h"

#include <gtest/gtest.h>

#include "image/cache.h"
#include "image/test_elf.h"

namespace ashlar::image {
namespace {

class MemoryCheck : public ::testing::Test {
 protected:
  void put(const std::string& path, const TestElf& elf) {
    fs::create_directories((tree_.path() / path).parent_path());
    ASSERT_TRUE(write_file(tree_.path() / path, build_elf(elf), 0755));
  }
  std::string fault() {
    Status checked = check_memory(tree_.path());
    return checked ? "" : checked.error().message();
  }
  void expect_fault(const std::string& path, const TestElf& elf, const std::string& sentence) {
    put(path, elf);
    EXPECT_NE(fault().find("/" + path + " has " + sentence), std::string::npos) << fault();
    fs::remove(tree_.path() / path);
    EXPECT_EQ(fault(), "");
  }

  TemporaryDirectory tree_ = TemporaryDirectory::below(::testing::TempDir()).value();
};

TEST_F(MemoryCheck, NamesEachFault) {
  put("usr/bin/sound", {});
  EXPECT_EQ(fault(), "") << "the control";
  expect_fault("usr/lib/a.so", {.code = PF_R | PF_W | PF_X}, "a segment that is writable and executable");
  expect_fault("usr/lib/b.so", {.stack = PF_R | PF_W | PF_X}, "an executable stack");
  expect_fault("usr/lib/c.so", {.stack = std::nullopt}, "an executable stack");
  expect_fault("usr/lib/d.so", {.flags = DF_TEXTREL}, "text relocations");
}

TEST_F(MemoryCheck, AsksMoreOfOurOwnPrograms) {
  const Bytes canary = {0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0x00, 0x00, 0x00};
  TestElf ours{.code = PF_R | PF_X, .flags = DF_BIND_NOW, .relro = true, .instructions = canary};
  auto with = [&](auto change) {
    TestElf changed = ours;
    change(changed);
    return changed;
  };
  put("usr/lib/ashlar/init", ours);
  EXPECT_EQ(fault(), "") << "the control";
  expect_fault("usr/lib/ashlar/data", with([](TestElf& elf) { elf.type = ET_EXEC; }), "a fixed address");
  expect_fault("usr/bin/ashlarctl", with([](TestElf& elf) { elf.flags = 0; }), "no full RELRO");
  expect_fault("usr/lib/x86_64-linux-gnu/security/pam_ashlar.so", with([](TestElf& elf) { elf.relro = false; }),
               "no full RELRO");
  expect_fault("usr/lib/ashlar/login", with([](TestElf& elf) { elf.instructions.clear(); }), "no stack protector");
  expect_fault("usr/lib/ashlar/bar", with([](TestElf& elf) { elf.runpath = "/lib"; }), "a library path of its own");
  put("usr/bin/somebodys", {.type = ET_EXEC});
  EXPECT_EQ(fault(), "");
}

}  // namespace
}  // namespace ashlar::image
