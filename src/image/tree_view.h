// Paths as a process whose root is an unpacked tree sees them: links are followed inside it.
#pragma once

#include <optional>

#include "base/fd.h"

namespace ashlar::image {

class TreeView {
 public:
  explicit TreeView(fs::path root) : root_(std::move(root)) {}

  // The absolute path without links and dots that `path` leads to; nullopt when nothing is there.
  [[nodiscard]] std::optional<fs::path> resolve(const fs::path& path) const;
  [[nodiscard]] bool has_file(const fs::path& path) const;

  [[nodiscard]] fs::path on_host(const fs::path& absolute) const { return root_ / absolute.relative_path(); }

 private:
  fs::path root_;
};

}  // namespace ashlar::image
