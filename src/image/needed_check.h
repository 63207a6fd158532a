// Proof that leaving packages and files out broke no link: everything each program and library of a tree says it needs
// is in that tree.
//
// What is looked at: DT_NEEDED of every ELF file, searched for as ld.so does (its RUNPATH or RPATH with $ORIGIN, then
// the directories of /etc/ld.so.conf, then the default ones), and the program interpreter. What cannot be seen:
// libraries a program opens by name while it runs (dlopen). Leaving those out is the recipe's decision, with its
// reason.
#pragma once

#include "image/unpack.h"

namespace ashlar::image {

struct MissingNeed {
  std::string path;     // "/usr/bin/sway"
  std::string package;  // "sway"; empty for a file of no package
  std::string need;     // "libwlroots-0.18.so", or the interpreter's path

  auto operator<=>(const MissingNeed&) const = default;
};

// Sorted. Errors: a file that cannot be read, an ELF file that is broken.
Result<std::vector<MissingNeed>> find_missing_needs(const fs::path& tree, const Origins& origins);

// An error that lists what find_missing_needs() found, if anything.
Status check_needed(const fs::path& tree, const Origins& origins);

// The same for some of its files, "/usr/bin/ashlarctl": programs of ours, which no package brought.
Status check_needed_by(const fs::path& tree, const std::vector<fs::path>& programs);

}  // namespace ashlar::image
