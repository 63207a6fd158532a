#include "image/elf_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "image/mapped_file.h"
#include "image/parallel.h"

namespace ashlar::image {
namespace {

// Object files are linked to nothing yet.
Result<bool> is_loadable_elf(const fs::path& file) {
  constexpr std::array<std::uint8_t, 4> kMagic = {0x7f, 'E', 'L', 'F'};
  constexpr std::size_t kTypeOffset = 16;  // e_type, little-endian
  Fd fd = TRY(open_file(file, O_RDONLY | O_NOFOLLOW));
  std::array<std::uint8_t, kTypeOffset + 2> start{};
  ssize_t got = ::pread(fd.get(), start.data(), start.size(), 0);
  if (got < 0) return fail_errno("read " + file.string());
  if (static_cast<std::size_t>(got) < start.size() || !std::ranges::equal(kMagic, std::span(start).first(4)))
    return false;
  return start[kTypeOffset] != static_cast<std::uint8_t>(ElfType::kRelocatable);
}

}  // namespace

Result<std::vector<fs::path>> regular_files(const fs::path& root) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->symlink_status(error).type() == fs::file_type::regular) files.push_back(entry->path());
  }
  if (error) return fail_errno("walk " + root.string(), error.value());
  return files;
}

Status for_each_elf(const std::vector<fs::path>& files, const fs::path& tree, const LookAtElf& look) {
  return parallel_for(files.size(), [&](std::size_t i) -> Status {
    if (!TRY(is_loadable_elf(files[i]))) return {};
    MappedFile file = TRY(MappedFile::open(files[i]));
    fs::path place = fs::path("/") / files[i].lexically_relative(tree);
    ElfInfo elf = TRY(in(place.string(), parse_elf(file.bytes())));
    return elf.machine == kElfMachineX64 ? look(place, elf, file.bytes()) : Status{};
  });
}

}  // namespace ashlar::image
