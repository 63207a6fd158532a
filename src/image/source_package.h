// Source packages of the archive, for what is compiled with changes of ours: their files in the lock.
#pragma once

#include <apt-pkg/sourcelist.h>

#include "image/lock.h"

namespace ashlar::image {

// The newest version any of `suites` has: "dash.debian" and "dash.orig", architecture "source" and without profiles. An
// error when no suite has it or when it is not of Debian's format 3.0 (quilt), with one upstream archive.
Result<std::vector<LockedPackage>> locked_source(pkgSourceList& sources, const std::string& package,
                                                 const std::vector<std::string>& suites);

}  // namespace ashlar::image
