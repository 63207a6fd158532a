#include "image/needed_check.h"

#include <elf.h>
#include <gtest/gtest.h>

#include "image/cache.h"

namespace ashlar::image {
namespace {

struct TestElf {
  std::vector<std::string> needed;
  std::string runpath = {};
  std::string rpath = {};
  std::string interpreter = {};
  Elf64_Half type = ET_DYN;
};

// Header, three program headers, dynamic section and strings in one segment loaded at 0.
Bytes build(const TestElf& elf) {
  std::string strings(1, '\0');
  auto add = [&](const std::string& text) {
    Elf64_Xword at = strings.size();
    strings += text + '\0';
    return at;
  };
  std::vector<Elf64_Dyn> dynamic;
  auto tag = [&](Elf64_Sxword name, Elf64_Xword value) { dynamic.push_back({name, {value}}); };
  for (const std::string& need : elf.needed) tag(DT_NEEDED, add(need));
  if (!elf.runpath.empty()) tag(DT_RUNPATH, add(elf.runpath));
  if (!elf.rpath.empty()) tag(DT_RPATH, add(elf.rpath));
  Elf64_Xword interpreter = add(elf.interpreter);

  constexpr std::size_t kDynamicAt = sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr);
  std::size_t strings_at = kDynamicAt + (dynamic.size() + 3) * sizeof(Elf64_Dyn);
  tag(DT_STRTAB, strings_at);
  tag(DT_STRSZ, strings.size());
  tag(DT_NULL, 0);
  std::size_t end = strings_at + strings.size();

  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = elf.type;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = elf.interpreter.empty() ? 2 : 3;
  Elf64_Phdr load{PT_LOAD, PF_R, 0, 0, 0, end, end, 4096};
  Elf64_Phdr dynamic_header{PT_DYNAMIC,
                            PF_R,
                            kDynamicAt,
                            kDynamicAt,
                            kDynamicAt,
                            dynamic.size() * sizeof(Elf64_Dyn),
                            dynamic.size() * sizeof(Elf64_Dyn),
                            8};
  Elf64_Phdr interp{PT_INTERP,
                    PF_R,
                    strings_at + interpreter,
                    strings_at + interpreter,
                    strings_at + interpreter,
                    elf.interpreter.size() + 1,
                    elf.interpreter.size() + 1,
                    1};
  Bytes bytes;
  append(bytes, bytes_of(header));
  append(bytes, bytes_of(load));
  append(bytes, bytes_of(dynamic_header));
  append(bytes, bytes_of(interp));
  for (const Elf64_Dyn& entry : dynamic) append(bytes, bytes_of(entry));
  append(bytes, as_bytes(strings));
  return bytes;
}

class NeededCheck : public ::testing::Test {
 protected:
  void file(const std::string& path, const Bytes& content) {
    fs::path place = tree_ / path.substr(1);
    fs::create_directories(place.parent_path());
    ASSERT_TRUE(write_file(place, content, 0755));
  }
  void elf(const std::string& path, const TestElf& elf) { file(path, build(elf)); }
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
  file("/usr/bin/object.o", build({.needed = {"absent.so"}, .type = ET_REL}));
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
  Bytes bytes = build({.needed = {"libc.so.6"}});
  bytes.resize(sizeof(Elf64_Ehdr) + 10);
  file("/usr/bin/a", bytes);
  auto found = find_missing_needs(tree_, {});
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message().find("/usr/bin/a"), std::string::npos);
}

}  // namespace
}  // namespace ashlar::image
