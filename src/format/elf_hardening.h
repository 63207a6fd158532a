// What a compiler and a linker left in an ELF file against mistakes in the program, as far as the file itself shows it.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace ashlar {

struct ElfHardening {
  // What every object that was linked says it keeps to (NT_GNU_PROPERTY_TYPE_0, x86-64 psABI): branches land on endbr64
  // (IBT), returns are never faked (shadow stack). It does not say that the kernel checks it.
  bool indirect_branch_tracking = false;
  bool shadow_stack = false;

  bool stands_alone = false;  // needs no library, and so has no names that tell what it calls
  // Calls to __stack_chk_fail by name, or, where it stands alone, functions that read the canary (%fs:0x28).
  bool stack_protector = false;
  std::size_t fortified_names = 0;  // dynamic symbols as __memcpy_chk: _FORTIFY_SOURCE found a call to check
  // Traps behind checks of clang's control-flow integrity (ubsantrap's instruction with CFI's number).
  std::size_t cfi_traps = 0;
};

// Refuses what parse_elf refuses of header and segments, and section headers, symbols, names and notes outside the
// file.
Result<ElfHardening> parse_elf_hardening(ByteView file);

}  // namespace ashlar
