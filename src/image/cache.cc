#include "image/cache.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/subprocess.h"

namespace ashlar::image {
namespace {

Status make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail_errno("create " + path.string(), error.value());
  return {};
}

Result<fs::path> cache_directory() {
  if (const char* own = std::getenv("ASHLAR_CACHE"); own != nullptr && *own != '\0') return fs::absolute(own);
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg == '/') return fs::path(xdg) / "ashlar";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') return fs::path(home) / ".cache/ashlar";
  return fail_misuse("no place for the cache: neither ASHLAR_CACHE, XDG_CACHE_HOME nor HOME is set");
}

// Deletes what a killed run left: temporary directories carry the number of the process that made them.
void remove_abandoned(const fs::path& parent) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    int pid = 0;
    if (std::sscanf(entry.path().filename().c_str(), "tmp.%d.", &pid) != 1) continue;
    if (::kill(pid, 0) != 0 && errno == ESRCH) [[maybe_unused]]
      Status removed = remove_tree(entry.path());
  }
}

}  // namespace

InputHash::InputHash(std::string_view step, unsigned revision) { add(step, std::to_string(revision)); }

InputHash& InputHash::add(std::string_view name, std::string_view value) {
  for (std::string_view part : {name, value}) {
    hash_.update(bytes_of(Le64(part.size()))).update(part);
  }
  return *this;
}

Status InputHash::add_files(const fs::path& path) {
  std::vector<fs::path> files = {path};
  if (fs::is_directory(path)) {
    files.clear();
    for (const auto& entry : fs::recursive_directory_iterator(path)) files.push_back(entry.path());
    std::ranges::sort(files);
  }
  for (const fs::path& file : files) {
    std::string name = file.lexically_relative(path.parent_path()).string();
    fs::file_status status = fs::symlink_status(file);
    if (fs::is_symlink(status)) {
      add(name, "link " + fs::read_symlink(file).string());
    } else if (fs::is_directory(status)) {
      add(name, "directory");
    } else {
      bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
      add(name + (executable ? " x" : " -"), sha256(TRY(read_file(file))));
    }
  }
  return {};
}

Result<Cache> Cache::open_default() {
  Cache cache(TRY(cache_directory()));
  TRY(make_directories(cache.root_));
  return cache;
}

Result<Cache::Entry> Cache::get(std::string_view kind, const Sha256Digest& key,
                                const std::function<Status(const fs::path&)>& make) const {
  fs::path directory = root_ / kind;
  fs::path final_path = directory / key.hex().substr(0, 32);
  if (fs::exists(final_path)) return Entry{final_path, true};
  TRY(make_directories(directory));

  fs::path lock_path = final_path;
  lock_path += ".lock";
  Fd lock = TRY(open_file(lock_path, O_RDWR | O_CREAT, 0600));
  TRY(lock_exclusively(lock, lock_path));
  if (fs::exists(final_path)) return Entry{final_path, true};

  fs::path temporary = final_path;
  temporary += ".part";
  TRY(remove_tree(temporary));  // what an interrupted run left; the lock is ours
  if (Status made = make(temporary); !made) {
    [[maybe_unused]] Status cleaned = remove_tree(temporary);
    return std::unexpected(std::move(made).error());
  }
  if (::rename(temporary.c_str(), final_path.c_str()) != 0) return fail_errno("rename " + temporary.string());
  ::unlink(lock_path.c_str());
  return Entry{final_path, false};
}

Result<TemporaryDirectory> TemporaryDirectory::below(const fs::path& parent) {
  TRY(make_directories(parent));
  remove_abandoned(parent);
  std::string name = parent / fmt::format("tmp.{}.XXXXXX", ::getpid());
  if (::mkdtemp(name.data()) == nullptr) return fail_errno("create " + name);
  return TemporaryDirectory(name);
}

Status lend_entry(const fs::path& entry, const Cache& to) {
  fs::path kind = to.root() / entry.parent_path().filename();
  TRY(make_directories(kind));
  fs::path lent = kind / entry.filename();
  if (fs::exists(lent)) return {};
  struct stat here{};
  struct stat there{};
  if (::stat(entry.c_str(), &here) != 0) return fail_errno("stat " + entry.string());
  if (::stat(kind.c_str(), &there) != 0) return fail_errno("stat " + kind.string());
  const char* how = here.st_dev == there.st_dev ? "--link" : "--reflink=auto";
  TRY(run_checked({.argv = {"cp", "--archive", how, entry, lent}}));
  return {};
}

TemporaryDirectory::~TemporaryDirectory() {
  if (!path_.empty()) [[maybe_unused]]
    Status removed = remove_tree(path_);
}

Status remove_tree(const fs::path& path) {
  std::error_code error;
  fs::file_status status = fs::symlink_status(path, error);
  if (!fs::exists(status)) return {};
  if (fs::is_directory(status)) {
    // An unpacked tree may hold directories their own owner cannot write.
    ::chmod(path.c_str(), 0700);
    for (auto it = fs::recursive_directory_iterator(path, error); !error && it != fs::recursive_directory_iterator();
         it.increment(error)) {
      if (fs::is_directory(it->symlink_status(error))) ::chmod(it->path().c_str(), 0700);
    }
  }
  fs::remove_all(path, error);
  if (error) return fail_errno("delete " + path.string(), error.value());
  return {};
}

}  // namespace ashlar::image
