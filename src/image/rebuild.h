// Building an image a second time as somebody else on another machine would: in other directories, without the first
// one's cache, on one processor, as another user, with another umask, time zone, language and home.
#pragma once

#include "image/build.h"

namespace ashlar::image {

// What of the first build's cache the second one is given. Packages are inputs, named by their hashes. Lending the
// kernel saves a quarter of an hour or more and leaves its compiling untried.
enum class Lend { kPackages, kPackagesAndKernel };

struct Rebuild {
  fs::path image;
  std::string report;            // BuildReport::json() of the second build
  std::optional<unsigned> user;  // whose it was, when it was another one
};

// Builds what `options` ask for again below `work`, a new empty directory that other users can reach. `first` is the
// report of the first build. Keys in files are copied for the other user, readable for him alone; with keys in a token,
// which may be his who opened it, or without root, the user stays the same. The network is not used.
Result<Rebuild> build_elsewhere(const BuildOptions& options, const BuildReport& first, Lend lend, const fs::path& work);

// A parent for `work`: one that other users can reach where we may become another user, else the cache's own.
fs::path rebuild_parent(const fs::path& cache);

// The sources a build reads, copied to `to`.
Status copy_sources(const fs::path& from, const fs::path& to);

}  // namespace ashlar::image
