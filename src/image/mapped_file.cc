#include "image/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

namespace ashlar::image {

Result<MappedFile> MappedFile::open(const fs::path& path) {
  Fd fd = TRY(open_file(path, O_RDONLY | O_NONBLOCK));  // a pipe without a writer must not hold us up
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("stat " + path.string());
  if (!S_ISREG(status.st_mode)) return fail(path.string() + " is not a regular file");
  auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return MappedFile(ByteView{});
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (memory == MAP_FAILED) return fail_errno("map " + path.string());
  return MappedFile(ByteView(static_cast<const std::uint8_t*>(memory), size));
}

MappedFile::~MappedFile() {
  if (!view_.empty()) ::munmap(const_cast<std::uint8_t*>(view_.data()), view_.size());
}

}  // namespace ashlar::image
