// What of an ELF file the builder checks: the libraries it needs and the memory it wants (System V gABI, chapters 4
// and 5; only 64-bit little-endian).
#pragma once

#include <optional>

#include "base/bytes.h"

namespace ashlar {

enum class ElfType : std::uint16_t { kRelocatable = 1, kExecutable = 2, kShared = 3, kCore = 4 };
constexpr std::uint16_t kElfMachineX64 = 62;

struct ElfInfo {
  ElfType type = ElfType::kExecutable;
  std::uint16_t machine = 0;
  std::optional<std::string> interpreter;
  bool has_stack_header = false;     // PT_GNU_STACK; without it ld.so makes the stacks executable
  bool executable_stack = false;     // and it asks for PF_X
  bool writable_executable = false;  // a PT_LOAD that is both
  bool text_relocations = false;     // DT_TEXTREL or DF_TEXTREL
  bool relro = false;                // PT_GNU_RELRO: what only relocation writes is read-only afterwards; all of it
  bool pie = false;                  // DF_1_PIE: a program that can lie anywhere, as its linker says
  bool bind_now = false;             // with DT_BIND_NOW, DF_BIND_NOW or DF_1_NOW: nothing is relocated later
  std::vector<std::string> needed;   // DT_NEEDED
  std::optional<std::string> soname;
  std::optional<std::string> runpath;
  std::optional<std::string> rpath;
};

// Whether the file begins as an ELF file does.
bool is_elf(ByteView file);
// Refuses 32-bit and big-endian files, tables and strings that leave the file.
Result<ElfInfo> parse_elf(ByteView file);

}  // namespace ashlar
