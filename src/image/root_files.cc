#include "image/root_files.h"

#include <algorithm>

#include "image/inspect.h"

namespace ashlar::image {
namespace {

const fs::path kImage = "/run/image";
const fs::path kOut = "/run/out";

// "--offset=N", where the root that the image's UKI names begins.
Result<std::string> root_offset(const fs::path& path) {
  OpenedImage image = TRY(open_image(path));
  OpenedUki uki = TRY(open_uki(TRY(image.only_file(kUkiDirectory, ".efi"))->content));
  auto root = std::ranges::find(image.table.partitions, partition_guids(uki.root_hash).root, &GptPartition::id);
  if (root == image.table.partitions.end())
    return fail(path.string() + ": the partition table has no root of its UKI's");
  return "--offset=" + std::to_string(root->first_lba * kSectorSize);
}

}  // namespace

Result<std::string> read_root_file(const Workshop& workshop, const fs::path& image, std::string_view path) {
  std::string offset = TRY(root_offset(image));
  return in("read " + std::string(path) + " of the image",
            workshop.run({.binds = {{fs::absolute(image), kImage}},
                          .argv = {"dump.erofs", "--cat", "--path=" + std::string(path), offset, kImage.string()}}));
}

Status extract_root(const Workshop& workshop, const fs::path& image, const fs::path& to) {
  std::string offset = TRY(root_offset(image));
  TRY(in("read the root of the image",
         workshop.run({.binds = {{fs::absolute(image), kImage}, {to, kOut, Bind::Access::kReadWrite}},
                       .argv = {"fsck.erofs", "-d1", "--no-preserve", "--overwrite",
                                "--extract=" + (kOut / "root").string(), offset, kImage.string()}})));
  return {};
}

}  // namespace ashlar::image
