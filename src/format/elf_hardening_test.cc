#include "format/elf_hardening.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "base/fd.h"

namespace ashlar {
namespace {

// A file with code, a property note, and dynamic symbols, as the loader and the linker see them.
struct Elf {
  Elf64_Ehdr header{};
  Elf64_Phdr segments[2]{};
  Elf64_Shdr sections[2]{};
  struct {
    Elf64_Word name_size = 4, size = 16, type = 5;
    char name[4] = {'G', 'N', 'U', '\0'};
    Elf64_Word property = 0xc0000002, property_size = 4, features = 3, padding = 0;
  } note;
  Elf64_Sym symbols[3]{};
  char names[40] = "\0__stack_chk_fail\0__memcpy_chk";
  std::uint8_t code[32]{};

  Elf() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_version = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_phoff = offsetof(Elf, segments);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    header.e_shoff = offsetof(Elf, sections);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 2;
    segments[0] = {0x6474e553, PF_R, offsetof(Elf, note), 0, 0, sizeof note, sizeof note, 8};
    segments[1] = {PT_LOAD, PF_R | PF_X, offsetof(Elf, code), 0, 0, sizeof code, sizeof code, 16};
    sections[0] = {0, SHT_DYNSYM, 0, 0, offsetof(Elf, symbols), sizeof symbols, 1, 0, 8, sizeof(Elf64_Sym)};
    sections[1] = {0, SHT_STRTAB, 0, 0, offsetof(Elf, names), sizeof names, 0, 0, 1, 0};
    symbols[1] = {1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, SHN_UNDEF, 0, 0};
    symbols[2] = {18, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, SHN_UNDEF, 0, 0};
  }
  [[nodiscard]] ByteView bytes() const { return {reinterpret_cast<const std::uint8_t*>(this), sizeof *this}; }
  [[nodiscard]] Result<ElfHardening> parse() const { return parse_elf_hardening(bytes()); }
  void put(std::size_t at, std::initializer_list<std::uint8_t> bytes) { std::ranges::copy(bytes, code + at); }
};

TEST(ElfHardening, ReadsPropertiesAndNames) {
  Elf elf;
  ElfHardening all = elf.parse().value();
  EXPECT_TRUE(all.indirect_branch_tracking && all.shadow_stack && all.stack_protector && all.stands_alone);
  EXPECT_EQ(all.fortified_names, 1U);
  EXPECT_EQ(all.cfi_traps, 0U);
  elf.note.features = 2;
  EXPECT_FALSE(elf.parse()->indirect_branch_tracking);
  EXPECT_TRUE(elf.parse()->shadow_stack);
  elf.note.property = 0xc0008002;  // x86's instruction sets
  EXPECT_FALSE(elf.parse()->shadow_stack);
  elf.symbols[1].st_name = elf.symbols[2].st_name = 0;
  EXPECT_FALSE(elf.parse()->stack_protector);
}

TEST(ElfHardening, ReadsCode) {
  Elf elf;
  elf.put(3, {0x67, 0x0f, 0xb9, 0x40, 0x02});
  elf.put(8, {0x67, 0x0f, 0xb9, 0x40, 0x02});
  EXPECT_EQ(elf.parse()->cfi_traps, 2U);
  elf.put(8, {0x67, 0x0f, 0xb9, 0x40, 0x05});  // another check's
  EXPECT_EQ(elf.parse()->cfi_traps, 1U);
  // The canary, in a program that has no name for it.
  elf.symbols[1].st_name = 0;
  EXPECT_FALSE(elf.parse()->stack_protector);
  elf.put(16, {0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0x00, 0x00, 0x00});
  EXPECT_TRUE(elf.parse()->stack_protector);
  elf.put(16, {0x65});  // the kernel's
  EXPECT_FALSE(elf.parse()->stack_protector);
}

TEST(ElfHardening, StaysInTheFile) {
  auto refused = [](const std::function<void(Elf&)>& change) {
    Elf broken;
    change(broken);
    return !broken.parse();
  };
  for (std::size_t size = 0; size < sizeof(Elf); ++size) {
    EXPECT_FALSE(parse_elf_hardening(Elf().bytes().first(size))) << size;
  }
  EXPECT_TRUE(refused([](Elf& e) { e.header.e_shoff = ~0ULL; }));
  EXPECT_TRUE(refused([](Elf& e) { e.header.e_shentsize = 1; }));
  EXPECT_TRUE(refused([](Elf& e) { e.sections[0].sh_link = 2; }));
  EXPECT_TRUE(refused([](Elf& e) { e.sections[0].sh_size = ~0ULL; }));
  EXPECT_TRUE(refused([](Elf& e) { e.sections[1].sh_offset = ~0ULL; }));
  EXPECT_TRUE(refused([](Elf& e) { e.symbols[2].st_name = 40; }));
  EXPECT_TRUE(refused([](Elf& e) { e.note.size = ~0U; }));
  EXPECT_TRUE(refused([](Elf& e) { e.note.name_size = 5; }));
  EXPECT_TRUE(refused([](Elf& e) { e.note.property_size = 20; }));
  EXPECT_TRUE(refused([](Elf& e) { e.segments[1].p_filesz = ~0ULL; }));
}

TEST(ElfHardening, ReadsItself) {
  Bytes self = read_file("/proc/self/exe").value();
  EXPECT_FALSE(parse_elf_hardening(self)->stands_alone);
}

}  // namespace
}  // namespace ashlar
