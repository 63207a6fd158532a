// From a lock to verified .deb files in the cache.
#pragma once

#include "image/download.h"
#include "image/lock.h"
#include "image/mirror.h"

namespace ashlar::image {

struct FetchOptions {
  // Asked only when something is missing: with a full cache a machine that knows no archive builds as well.
  Result<Mirror> mirror;
  fs::path cache;  // the cache's root
  DownloadOptions download;
};

// <cache>/packages/<SHA-256>.deb, or .tar for an archive of a source package
fs::path cached_package(const fs::path& cache, const LockedPackage& package);

// The packages of these profiles, in the order of packages_of(): every file has just been hashed and is what the lock
// says. What is missing is downloaded; what is damaged in the cache is downloaded again, with a warning.
// Errors are those of download_all(); see gone_from_mirror().
Result<std::vector<fs::path>> fetch(const Lock& lock, const std::vector<std::string>& profiles,
                                    const FetchOptions& options);

// Whether fetch() failed because the archive moved on, so that a new lock would help.
inline bool gone_from_mirror(const Error& error) { return error.code() == kGone; }

// `ashlar lock --export`: writes every package of the lock to `directory`, with the signed indexes, such that
// --mirror DIRECTORY serves both `ashlar build` and, while the signatures have not expired, `ashlar lock`.
Status export_lock(const Lock& lock, const FetchOptions& options, const fs::path& directory);

}  // namespace ashlar::image
