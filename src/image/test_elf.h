// ELF files of nothing but what a loader looks at, for tests.
#pragma once

#include <elf.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace ashlar::image {

struct TestElf {
  std::vector<std::string> needed;
  std::string runpath = {};
  std::string rpath = {};
  std::string interpreter = {};
  Elf64_Word code = PF_R;                         // of the one segment
  std::optional<Elf64_Word> stack = PF_R | PF_W;  // no header when absent
  Elf64_Xword flags = 0;                          // DT_FLAGS
  bool relro = false;
  Elf64_Half type = ET_DYN;
  Bytes instructions = {};  // at the end of the segment
};

// Header, five program headers, dynamic section and strings in one segment loaded at 0.
inline Bytes build_elf(const TestElf& elf) {
  auto present = [](bool there, Elf64_Word type) { return there ? type : Elf64_Word{PT_NULL}; };
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
  if (elf.flags != 0) tag(DT_FLAGS, elf.flags);
  Elf64_Xword interpreter = add(elf.interpreter);

  constexpr std::size_t kDynamicAt = sizeof(Elf64_Ehdr) + 5 * sizeof(Elf64_Phdr);
  std::size_t strings_at = kDynamicAt + (dynamic.size() + 3) * sizeof(Elf64_Dyn);
  tag(DT_STRTAB, strings_at);
  tag(DT_STRSZ, strings.size());
  tag(DT_NULL, 0);
  std::size_t end = strings_at + strings.size() + elf.instructions.size();

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
  header.e_phnum = 5;
  Elf64_Phdr load{PT_LOAD, elf.code, 0, 0, 0, end, end, 4096};
  Elf64_Phdr dynamic_header{PT_DYNAMIC,
                            PF_R,
                            kDynamicAt,
                            kDynamicAt,
                            kDynamicAt,
                            dynamic.size() * sizeof(Elf64_Dyn),
                            dynamic.size() * sizeof(Elf64_Dyn),
                            8};
  Elf64_Phdr stack{present(elf.stack.has_value(), PT_GNU_STACK), elf.stack.value_or(0), 0, 0, 0, 0, 0, 0};
  Elf64_Phdr relro{present(elf.relro, PT_GNU_RELRO), PF_R, 0, 0, 0, 0, 0, 0};
  Elf64_Phdr interp{present(!elf.interpreter.empty(), PT_INTERP),
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
  append(bytes, bytes_of(stack));
  append(bytes, bytes_of(relro));
  for (const Elf64_Dyn& entry : dynamic) append(bytes, bytes_of(entry));
  append(bytes, as_bytes(strings));
  append(bytes, elf.instructions);
  return bytes;
}

}  // namespace ashlar::image
