// Many .deb files unpacked side by side into one tree. No maintainer script ever runs.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"

namespace ashlar::image {

struct PackageFile {
  std::string name;  // "bash"
  fs::path deb;      // verified by the caller
};

// Which package every path of the tree came from; directories, which packages share, are not in it.
using Origins = std::map<std::string, std::string>;

// True when `path` ("/usr/share/doc/bash/NEWS") of `package` stays out of the tree.
using Omission = std::function<bool(const std::string& package, const std::string& path)>;

// Unpacks below `root`, which is created. Files belong to the caller, set-id bits are dropped, times are not kept:
// the file system builder fixes owner and time. Paths below /bin, /sbin, /lib and /lib64 go to /usr, where Debian's
// merged layout has them. Device nodes, paths that leave the tree or pass through a symbolic link, and a path claimed
// by two packages are errors that name the path and the packages.
Result<Origins> unpack_packages(const std::vector<PackageFile>& packages, const fs::path& root,
                                const Omission& omitted);

}  // namespace ashlar::image
