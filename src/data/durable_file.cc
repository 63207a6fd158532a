#include "data/durable_file.h"

#include <sys/stat.h>
#include <unistd.h>

namespace ashlar {

Status sync_directory(const fs::path& directory) {
  Fd fd = TRY(open_file(directory, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0) return fail_errno("sync " + directory.string());
  return {};
}

Status write_durably(const fs::path& path, ByteView bytes, mode_t mode) {
  remove_strays(path);
  TRY(write_file(path, bytes, mode));
  return sync_directory(path.parent_path());
}

Status delete_durably(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("delete " + path.string());
  return sync_directory(path.parent_path());
}

void remove_strays(const fs::path& path) {
  std::error_code error;
  std::string prefix = path.filename().string() + ".";
  for (fs::directory_iterator entry(path.parent_path(), error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().starts_with(prefix)) ::unlink(entry->path().c_str());
  }
}

Status make_directory(const fs::path& directory, mode_t mode) {
  if (::mkdir(directory.c_str(), mode) != 0 && errno != EEXIST) return fail_errno("make " + directory.string());
  if (::chmod(directory.c_str(), mode) != 0) return fail_errno("set the mode of " + directory.string());
  return sync_directory(directory.parent_path());
}

}  // namespace ashlar
