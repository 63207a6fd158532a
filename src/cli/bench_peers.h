// The world's tools that `ashlar bench` puts beside ours. Each gives a cell of the table: a time, or why there is none.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace ashlar::cli {

// How often a short measurement is repeated; the middle one counts. Odd.
inline constexpr unsigned kRepetitions = 5;

// Runs the work once and gives seconds.
Result<double> timed(const std::function<Status()>& work);

struct VerityTimes {
  double ours;
  std::string peer;
};
// The same tree over `data`, written to a file: ours with `threads` threads, and `veritysetup format`, in turns, so
// that both see the same machine. `work` is a directory for what they write.
Result<VerityTimes> compare_verity(const fs::path& data, const fs::path& work, unsigned threads);

// The host's mkfs.erofs on `tree` with our options. It gets --workers only where it knows that.
Result<std::string> peer_erofs(const fs::path& tree, const fs::path& work, unsigned threads);

struct MkosiImage {
  std::string mirror;                 // URL
  std::vector<std::string> packages;  // the profile's own list
};
struct MkosiTimes {
  Result<std::string> from_packages;
  Result<std::string> again;  // with Incremental=yes, which keeps the tree of packages
  fs::path image;             // empty when there is none
};
// The host's mkosi, 25 or newer, with the same packages, a signed UKI and a verity root, its other tools in a tree of
// Debian 13's that it makes itself: once to make that tree and to fill its package cache, then timed. All of it is in
// `directory`.
MkosiTimes peer_mkosi(const MkosiImage& image, const fs::path& directory);
// Its image alone, for booting; the one that an earlier run left in `directory` when there is one.
Result<fs::path> mkosi_image(const MkosiImage& image, const fs::path& directory);

}  // namespace ashlar::cli
