#include "image/erofs.h"

#include "image/parallel.h"

namespace ashlar::image {

Status make_erofs(const Workshop& workshop, const fs::path& tree, const fs::path& file_contexts, const fs::path& image,
                  const Guid& uuid) {
  const fs::path out = "/run/out";
  const fs::path contexts = "/run/file_contexts";
  TRY(workshop.run(
      {.binds = {{tree, "/run/tree"}, {file_contexts, contexts}, {image.parent_path(), out, Bind::Access::kReadWrite}},
       .argv = {"mkfs.erofs", "--quiet", "-zlz4", "-C65536", "--all-root", "--file-contexts=" + contexts.string(),
                "-U" + uuid.text(), "-T" + std::to_string(kSourceDateEpoch),
                "--workers=" + std::to_string(processor_count()), (out / image.filename()).string(), "/run/tree"}}));
  return {};
}

}  // namespace ashlar::image
