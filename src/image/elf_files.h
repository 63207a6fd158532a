// The ELF files of a tree that a loader loads, one by one.
#pragma once

#include <functional>

#include "base/fd.h"
#include "format/elf.h"

namespace ashlar::image {

// The regular files below a directory.
Result<std::vector<fs::path>> regular_files(const fs::path& root);

// Calls `look` for each of these files of `tree` that is an x86-64 ELF file other than an object file, with its path in
// the image ("/usr/bin/sway") and its bytes, on several threads at once. Errors: a file that cannot be read, an ELF
// file that is broken, what `look` gives.
using LookAtElf = std::function<Status(const fs::path& place, const ElfInfo& elf, ByteView file)>;
Status for_each_elf(const std::vector<fs::path>& files, const fs::path& tree, const LookAtElf& look);

}  // namespace ashlar::image
