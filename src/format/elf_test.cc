#include "format/elf.h"

#include <elf.h>

#include <algorithm>

#include "base/fd.h"
#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;

// Header, four segments, a dynamic section and its strings, all in one loaded page at address 0x1000.
struct Elf {
  Elf64_Ehdr header{};
  std::array<Elf64_Phdr, 4> segments{};
  std::array<Elf64_Dyn, 8> dynamic{};
  std::array<char, 64> strings{};

  Elf() {
    std::ranges::copy(std::string_view(ELFMAG), header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_DYN;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_phoff = offsetof(Elf, segments);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<Elf64_Half>(segments.size());
    segments[0] = {PT_LOAD, PF_R | PF_X, 0, 0x1000, 0, sizeof(Elf), sizeof(Elf), 4096};
    segments[1] = {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16};
    segments[2] = {PT_DYNAMIC, PF_R, offsetof(Elf, dynamic), 0, 0, sizeof dynamic, sizeof dynamic, 8};
    segments[3] = {PT_INTERP, PF_R, offsetof(Elf, strings) + 32, 0, 0, 7, 7, 1};
    constexpr std::string_view kStrings("\0libc.so.6\0libm.so.6\0me.so\0/lib", 32);
    std::ranges::copy(kStrings, strings.begin());
    std::ranges::copy(std::string_view("/lib/ld\0", 8), strings.begin() + 32);
    segments[3].p_filesz = 8;
    set(0, DT_NEEDED, 1);
    set(1, DT_NEEDED, 11);
    set(2, DT_SONAME, 21);
    set(3, DT_RUNPATH, 27);
    set(4, DT_STRTAB, 0x1000 + offsetof(Elf, strings));
    set(5, DT_STRSZ, sizeof strings);
    set(6, DT_FLAGS, 0);
    set(7, DT_NULL, 0);
  }
  void set(std::size_t index, Elf64_Sxword tag, Elf64_Xword value) {
    dynamic[index].d_tag = tag;
    dynamic[index].d_un.d_val = value;
  }
  [[nodiscard]] ByteView bytes() const { return bytes_of(*this); }
  [[nodiscard]] Result<ElfInfo> parse() const { return parse_elf(bytes()); }
};

TEST(Elf, ReadsWhatTheBuilderChecks) {
  ElfInfo info = Elf().parse().value();
  EXPECT_EQ(info.type, ElfType::kShared);
  EXPECT_EQ(info.machine, kElfMachineX64);
  EXPECT_EQ(info.needed, (std::vector<std::string>{"libc.so.6", "libm.so.6"}));
  EXPECT_EQ(info.soname, "me.so");
  EXPECT_EQ(info.runpath, "/lib");
  EXPECT_EQ(info.interpreter, "/lib/ld");
  EXPECT_TRUE(info.has_stack_header);
  EXPECT_FALSE(info.executable_stack || info.writable_executable || info.text_relocations || info.rpath);
}

TEST(Elf, SeesMemoryThatIsWritableAndExecutable) {
  Elf elf;
  elf.segments[0].p_flags |= PF_W;
  elf.segments[1].p_flags |= PF_X;
  elf.set(6, DT_FLAGS, DF_TEXTREL);
  ElfInfo info = elf.parse().value();
  EXPECT_TRUE(info.writable_executable);
  EXPECT_TRUE(info.executable_stack);
  EXPECT_TRUE(info.text_relocations);
  elf.segments[1].p_type = PT_NOTE;
  EXPECT_FALSE(elf.parse()->has_stack_header);
  elf.set(6, DT_TEXTREL, 0);
  EXPECT_TRUE(elf.parse()->text_relocations);
}

TEST(Elf, SeesWhatIsReadOnlyAfterRelocation) {
  Elf elf;
  EXPECT_FALSE(elf.parse()->relro || elf.parse()->bind_now);
  elf.segments[1].p_type = PT_GNU_RELRO;
  EXPECT_TRUE(elf.parse()->relro);
  for (auto [tag, value] :
       {std::pair<Elf64_Sxword, Elf64_Xword>{DT_FLAGS, DF_BIND_NOW}, {DT_FLAGS_1, DF_1_NOW}, {DT_BIND_NOW, 0}}) {
    elf.set(6, tag, static_cast<Elf64_Sxword>(value));
    EXPECT_TRUE(elf.parse()->bind_now) << tag;
  }
}

TEST(Elf, ReadsItself) {
  Bytes self = read_file("/proc/self/exe").value();
  ElfInfo info = parse_elf(self).value();
  EXPECT_NE(std::ranges::find(info.needed, "libc.so.6"), info.needed.end());
  EXPECT_FALSE(info.executable_stack);
}

TEST(Elf, StaysInTheFile) {
  Elf elf;
  for (std::size_t size = 0; size < sizeof elf; ++size) EXPECT_FALSE(parse_elf(elf.bytes().first(size))) << size;
  auto refused = [](auto change) {
    Elf broken;
    change(broken);
    return !broken.parse();
  };
  EXPECT_TRUE(refused([](Elf& e) { e.header.e_phoff = ~0ULL; }));
  EXPECT_TRUE(refused([](Elf& e) { e.header.e_phnum = 0xffff; }));
  EXPECT_TRUE(refused([](Elf& e) { e.header.e_phentsize = 1; }));
  EXPECT_TRUE(refused([](Elf& e) { e.segments[0].p_filesz = ~0ULL; }));
  EXPECT_TRUE(refused([](Elf& e) { e.segments[3].p_filesz = 7; }));
  EXPECT_TRUE(refused([](Elf& e) { e.set(0, DT_NEEDED, 1000); }));
  EXPECT_TRUE(refused([](Elf& e) { e.set(4, DT_STRTAB, 0); }));
  EXPECT_TRUE(refused([](Elf& e) { e.set(4, DT_STRTAB, ~0ULL); }));
  EXPECT_TRUE(refused([](Elf& e) { e.set(5, DT_STRSZ, ~0ULL); }));
  EXPECT_TRUE(refused([](Elf& e) { e.set(5, DT_STRSZ, 5); }));
  EXPECT_TRUE(refused([](Elf& e) { e.set(7, DT_DEBUG, 0); }));
  EXPECT_TRUE(refused([](Elf& e) { e.header.e_ident[EI_CLASS] = ELFCLASS32; }));
  EXPECT_FALSE(is_elf(as_bytes("#!/bin/sh")));
}

}  // namespace
}  // namespace ashlar
