#include "image/workshop.h"

namespace ashlar::image {
namespace {

// Links that maintainer scripts make with update-alternatives and that the tools expect.
Status add_alternatives(const fs::path& root) {
  std::error_code error;
  fs::create_symlink("mawk", root / "usr/bin/awk", error);
  if (error) return fail_errno("link awk", error.value());
  return {};
}

}  // namespace

Result<Workshop> Workshop::open(const Cache& cache, const std::vector<PackageFile>& packages, const Sha256Digest& key) {
  Cache::Entry entry = TRY(in("workshop", cache.get("workshop", key, [&](const fs::path& root) -> Status {
    TRY(unpack_packages(packages, root, [](const std::string&, const std::string& path) {
      return path.starts_with("/usr/share/doc/") || path.starts_with("/usr/share/man/") ||
             path.starts_with("/usr/share/locale/");
    }));
    return add_alternatives(root);
  })));
  return Workshop(entry.path, key, entry.was_cached);
}

Result<std::string> Workshop::run(SandboxCommand command) const {
  command.root = root_;
  return run_sandboxed(command);
}

}  // namespace ashlar::image
