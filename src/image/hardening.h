// What the compilers and linkers of an image's programs and libraries left in them against mistakes, file by file: what
// checksec(1) shows, and what is ours besides.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "format/elf.h"
#include "format/elf_hardening.h"

namespace ashlar::image {

struct HardenedFile {
  std::string path;  // in the image
  bool ours = false;
  ElfInfo elf;
  ElfHardening hardening;
};

// Every ELF file of the tree that a loader loads, by path.
Result<std::vector<HardenedFile>> look_at_hardening(const fs::path& tree);

// A line a file, and under them how many have what. "-" where a file does not have it, "?" where it does not show.
std::string hardening_table(const std::vector<HardenedFile>& files);
std::string hardening_json(const std::vector<HardenedFile>& files);

}  // namespace ashlar::image
