#include "format/elf_hardening.h"

#include <algorithm>

#include "format/elf.h"
#include "format/elf_layout.h"

namespace ashlar {
namespace {

using namespace elf;

#ifndef GNU_PROPERTY_X86_FEATURE_1_AND
#define GNU_PROPERTY_X86_FEATURE_1_AND 0xc0000002U
#define GNU_PROPERTY_X86_FEATURE_1_IBT 1U
#define GNU_PROPERTY_X86_FEATURE_1_SHSTK 2U
#endif
constexpr std::uint32_t kPropertyNote = 5;              // NT_GNU_PROPERTY_TYPE_0
constexpr std::uint32_t kPropertySegment = 0x6474e553;  // PT_GNU_PROPERTY
constexpr std::size_t kMaxSymbols = 1 << 20;
constexpr std::size_t kNoteAlignment = 8;

// ubsantrap(2), 2 being CFICheckFail: ud1 2(%eax), %eax.
constexpr std::array<std::uint8_t, 5> kCfiTrap = {0x67, 0x0f, 0xb9, 0x40, 0x02};
// mov %fs:0x28, %REG, without the two bytes that name the register (REX and ModRM).
constexpr std::uint8_t kFsPrefix = 0x64;
constexpr std::uint8_t kMove = 0x8b;
constexpr std::array<std::uint8_t, 5> kCanaryAddress = {0x25, 0x28, 0x00, 0x00, 0x00};

std::size_t padded(std::size_t size) { return (size + kNoteAlignment - 1) / kNoteAlignment * kNoteAlignment; }

// One note's description: properties, each with a type, a size and as many bytes, padded to eight.
Status read_properties(ByteView description, ElfHardening& hardening) {
  Reader reader(description);
  while (!reader.at_end()) {
    const std::uint32_t type = TRY(reader.read<Le32>("ELF: a property"));
    const std::uint32_t size = TRY(reader.read<Le32>("ELF: a property"));
    ByteView value = TRY(reader.take(size, "ELF: a property"));
    if (type == GNU_PROPERTY_X86_FEATURE_1_AND) {
      const std::uint32_t features = TRY(Reader(value).read<Le32>("ELF: a property"));
      hardening.indirect_branch_tracking = (features & GNU_PROPERTY_X86_FEATURE_1_IBT) != 0;
      hardening.shadow_stack = (features & GNU_PROPERTY_X86_FEATURE_1_SHSTK) != 0;
    }
    std::size_t rest = padded(size) - size;
    if (!reader.at_end()) TRY(reader.take(rest, "ELF: a property"));
  }
  return {};
}

Status read_notes(ByteView notes, ElfHardening& hardening) {
  Reader reader(notes);
  while (!reader.at_end()) {
    const std::uint32_t name_size = TRY(reader.read<Le32>("ELF: a note"));
    const std::uint32_t size = TRY(reader.read<Le32>("ELF: a note"));
    const std::uint32_t type = TRY(reader.read<Le32>("ELF: a note"));
    if (name_size != 4)
      return fail("ELF: a property note of somebody else's");  // "GNU", which keeps what follows aligned
    ByteView name = TRY(reader.take(name_size, "ELF: a note"));
    ByteView description = TRY(reader.take(size, "ELF: a note"));
    if (as_text(name) == std::string_view("GNU\0", 4) && type == kPropertyNote) {
      TRY(read_properties(description, hardening));
    }
    if (!reader.at_end()) TRY(reader.take(padded(size) - size, "ELF: a note"));
  }
  return {};
}

Result<std::vector<Section>> read_sections(ByteView file, const FileHeader& header) {
  std::vector<Section> sections;
  if (header.section_count == 0) return sections;
  if (header.section_size != sizeof(Section)) return fail("ELF: section headers of an unknown size");
  const std::size_t size = std::size_t{header.section_count} * sizeof(Section);
  Reader reader(TRY(slice(file, header.sections_offset, size, "ELF: the section headers")));
  while (!reader.at_end()) sections.push_back(TRY(reader.read<Section>("ELF: a section header")));
  return sections;
}

Status read_symbols(ByteView file, const Section& symbols, const Section& strings, ElfHardening& hardening) {
  if (symbols.size / sizeof(Symbol) > kMaxSymbols) return fail("ELF: too many symbols");
  ByteView names = TRY(slice(file, strings.offset, strings.size, "ELF: the symbols' names"));
  Reader reader(TRY(slice(file, symbols.offset, symbols.size / sizeof(Symbol) * sizeof(Symbol), "ELF: the symbols")));
  while (!reader.at_end()) {
    auto symbol = TRY(reader.read<Symbol>("ELF: a symbol"));
    if (symbol.name >= names.size()) return fail("ELF: a symbol's name outside the names");
    std::string_view name = as_text(names.subspan(symbol.name));
    name = name.substr(0, name.find('\0'));
    if (name.empty()) continue;
    hardening.stack_protector |= name == "__stack_chk_fail";
    hardening.fortified_names += name.starts_with("__") && name.ends_with("_chk") ? 1 : 0;
  }
  return {};
}

void look_at_code(ByteView code, ElfHardening& hardening) {
  for (auto at = code.begin();; at += kCfiTrap.size()) {
    at = std::search(at, code.end(), kCfiTrap.begin(), kCfiTrap.end());
    if (at == code.end()) break;
    ++hardening.cfi_traps;
  }
  if (!hardening.stands_alone) return;
  constexpr std::size_t kBefore = 4;  // fs, REX, opcode, ModRM
  for (auto at = code.begin(); !hardening.stack_protector; ++at) {
    at = std::search(at, code.end(), kCanaryAddress.begin(), kCanaryAddress.end());
    if (at == code.end()) break;
    if (at - code.begin() < static_cast<std::ptrdiff_t>(kBefore)) continue;
    hardening.stack_protector = *(at - 4) == kFsPrefix && *(at - 2) == kMove;
  }
}

}  // namespace

Result<ElfHardening> parse_elf_hardening(ByteView file) {
  FileHeader header = TRY(read_header(file));
  std::vector<Segment> segments = TRY(read_segments(file, header));
  std::vector<Section> sections = TRY(read_sections(file, header));
  ElfHardening hardening;
  hardening.stands_alone = TRY(parse_elf(file)).needed.empty();
  for (const Section& section : sections) {
    if (section.type != SHT_DYNSYM) continue;
    if (section.link >= sections.size()) return fail("ELF: symbols without names");
    TRY(read_symbols(file, section, sections[section.link], hardening));
  }
  for (const Segment& segment : segments) {
    if (segment.type == kPropertySegment) {
      TRY(read_notes(TRY(content_of(segment, file, "ELF: the properties")), hardening));
    } else if (segment.type == PT_LOAD && (segment.flags & PF_X) != 0) {
      look_at_code(TRY(content_of(segment, file, "ELF: a segment")), hardening);
    }
  }
  return hardening;
}

}  // namespace ashlar
