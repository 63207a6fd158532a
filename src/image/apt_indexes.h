// The lists of packages of the suites we lock from, verified by libapt-pkg in directories of its own.
#pragma once

#include <apt-pkg/cachefile.h>

#include <memory>

#include "image/resolve.h"

namespace ashlar::image {

struct AptIndexes {
  Fd busy;                              // held while libapt-pkg's directories are in use
  std::unique_ptr<pkgCacheFile> cache;  // lists of packages and policy are built
  std::vector<LockedSuite> suites;      // in the order of the options
};

// Takes every index anew and believes none that is not signed by a key of the options' keyring, or no longer or not
// yet valid. Packages of a -backports suite are candidates only where a recipe names them.
Result<AptIndexes> read_indexes(const Recipes& recipes, const ResolveOptions& options);

// What apt said went wrong, with what to do about it.
std::unexpected<Error> apt_failure(std::string_view doing, const std::string& messages);

}  // namespace ashlar::image
