// The workshop: a tree of locked Debian packages where every tool the build runs comes from.
#pragma once

#include "image/cache.h"
#include "image/sandbox.h"
#include "image/unpack.h"

namespace ashlar::image {

class Workshop {
 public:
  // Unpacks the packages, or takes the tree from the cache.
  static Result<Workshop> open(const Cache& cache, const std::vector<PackageFile>& packages, const Sha256Digest& key);

  [[nodiscard]] const fs::path& root() const { return root_; }
  // The hash of its packages: an input of every step that runs a tool.
  [[nodiscard]] const Sha256Digest& key() const { return key_; }
  [[nodiscard]] bool was_cached() const { return was_cached_; }

  // Runs a tool in it; `command.root` is filled in.
  Result<std::string> run(SandboxCommand command) const;

 private:
  Workshop(fs::path root, const Sha256Digest& key, bool was_cached)
      : root_(std::move(root)), key_(key), was_cached_(was_cached) {}

  fs::path root_;
  Sha256Digest key_;
  bool was_cached_;
};

}  // namespace ashlar::image
