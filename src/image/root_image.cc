#include "image/root_image.h"

#include <fmt/format.h>

#include "base/log.h"
#include "image/erofs.h"
#include "image/mapped_file.h"
#include "image/memory_check.h"
#include "image/parallel.h"

namespace ashlar::image {
namespace {

constexpr unsigned kRootRevision = 2;

// The salt and the identifier are functions of the content, not drawn: the same tree gives the same root hash.
Salt derived_salt(const Sha256Digest& key) { return Salt{sha256("ashlar verity salt " + key.hex()).bytes}; }
Guid derived_uuid(const Sha256Digest& key, std::string_view purpose) {
  Sha256Digest digest = sha256(fmt::format("ashlar {} {}", purpose, key.hex()));
  return guid_from_big_endian(std::span<const std::uint8_t, 32>(digest.bytes).first<16>());
}

}  // namespace

Result<VerifiedRootImage> build_root(const Cache& cache, const Workshop& workshop, const PackageTree& packages,
                                     const Overlay& overlay, const SelinuxPolicy& selinux, Steps& steps) {
  InputHash inputs("root", kRootRevision);
  inputs.add("packages", packages.key).add("workshop", workshop.key());
  inputs.add("file contexts", TRY(read_text(selinux.file_contexts)));
  TRY(hash_overlay(overlay, inputs));
  Sha256Digest key = inputs.finish();
  fs::path erofs = TRY(steps.run("EROFS", [&]() -> Result<fs::path> {
    Cache::Entry entry = TRY(cache.get("root", key, [&](const fs::path& out) -> Status {
      log::info("make the root file system");
      TemporaryDirectory work = TRY(TemporaryDirectory::below(cache.work()));
      fs::path tree = work.path() / "tree";
      TRY(link_tree(packages.root, tree));
      TRY(add_overlay(overlay, tree));
      TRY(check_memory(tree));
      return make_erofs(workshop, tree, selinux.file_contexts, out, derived_uuid(key, "EROFS"));
    }));
    steps.was_cached(entry.was_cached);
    return entry.path;
  }));
  VerityTree verity = TRY(steps.run("verity", [&]() -> Result<VerityTree> {
    MappedFile image = TRY(MappedFile::open(erofs));
    return build_verity(image.bytes(), derived_salt(key), derived_uuid(key, "verity"), processor_count());
  }));
  return VerifiedRootImage{erofs, std::move(verity), key};
}

}  // namespace ashlar::image
