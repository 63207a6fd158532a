#include "image/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <mutex>

#include "base/log.h"
#include "format/deb.h"
#include "image/mapped_file.h"
#include "image/parallel.h"

namespace ashlar::image {
namespace {

struct ArchiveCloser {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using ArchiveReader = std::unique_ptr<archive, ArchiveCloser>;

std::unexpected<Error> archive_failure(archive* reader, std::string_view doing) {
  const char* reason = archive_error_string(reader);
  return fail(std::string(doing) + ": " + (reason != nullptr ? reason : "unknown error"));
}

// "./usr/bin/x" or "bin/x" as "/usr/bin/x"; an error when it would leave the tree.
Result<std::string> path_in_tree(std::string_view name) {
  std::string path;
  while (!name.empty()) {
    std::size_t slash = std::min(name.find('/'), name.size());
    std::string_view part = name.substr(0, slash);
    name.remove_prefix(std::min(slash + 1, name.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") return fail("a path in the archive leaves the tree");
    path.append("/").append(part);
  }
  return path;
}

std::string merged_usr(std::string path) {
  for (std::string_view top : {"/bin/", "/sbin/", "/lib/", "/lib64/"}) {
    if (path.starts_with(top)) return "/usr" + path;
  }
  return path;
}

// Creates files below one directory and never follows a symbolic link on the way.
class TreeWriter {
 public:
  static Result<TreeWriter> at(const fs::path& root) {
    std::error_code error;
    fs::create_directories(root, error);
    if (error) return fail_errno("create " + root.string(), error.value());
    return TreeWriter(TRY(open_file(root, O_PATH | O_DIRECTORY)));
  }

  Status directory(const std::string& path) {
    Place place = TRY(parent_of(path));
    if (::mkdirat(place.parent, place.name.c_str(), 0755) == 0) return {};
    if (errno != EEXIST) return fail_errno("create directory " + path);
    struct stat status{};
    if (::fstatat(place.parent, place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return fail_errno("stat " + path);
    if (!S_ISDIR(status.st_mode)) return fail(path + " is a directory in one package and something else in another");
    return {};
  }

  Status file(const std::string& path, mode_t mode, archive* reader) {
    Place place = TRY(parent_of(path));
    int number = ::openat(place.parent, place.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (number < 0) return twice_or_errno(path, "create");
    Fd fd(number);
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    for (int got; (got = archive_read_data_block(reader, &block, &size, &offset)) != ARCHIVE_EOF;) {
      if (got != ARCHIVE_OK) return archive_failure(reader, "read " + path);
      TRY(in(path, write_at(fd, static_cast<std::uint64_t>(offset), {static_cast<const std::uint8_t*>(block), size})));
    }
    if (::fchmod(fd.get(), mode) != 0) return fail_errno("chmod " + path);
    return in(path, fd.close());
  }

  Status symlink(const std::string& path, const char* target) {
    Place place = TRY(parent_of(path));
    if (::symlinkat(target, place.parent, place.name.c_str()) != 0) return twice_or_errno(path, "link");
    return {};
  }

  Status hardlink(const std::string& path, const std::string& target) {
    Fd target_parent = TRY(open_beneath(fs::path(target).parent_path().string()));
    Place place = TRY(parent_of(path));
    if (::linkat(target_parent.get(), fs::path(target).filename().c_str(), place.parent, place.name.c_str(), 0) != 0) {
      return twice_or_errno(path, "link");
    }
    return {};
  }

 private:
  struct Place {
    int parent;
    std::string name;
  };

  explicit TreeWriter(Fd root) : root_(std::move(root)) {}

  Result<Fd> open_beneath(const std::string& directory) {
    open_how how{
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    const char* relative = directory.size() > 1 ? directory.c_str() + 1 : ".";
    long number = ::syscall(SYS_openat2, root_.get(), relative, &how, sizeof how);
    if (number < 0 && errno == ELOOP) return fail(directory + " passes through a symbolic link");
    if (number < 0) return fail_errno("open " + directory);
    return Fd(static_cast<int>(number));
  }

  // Archives list a directory's files one after the other: the last directory stays open.
  Result<Place> parent_of(const std::string& path) {
    std::size_t slash = path.rfind('/');
    std::string directory = path.substr(0, slash);
    if (!parent_.valid() || directory != parent_path_) {
      Result<Fd> opened = open_beneath(directory);
      if (!opened && opened.error().code() == ENOENT) {
        TRY(this->directory(directory));
        opened = open_beneath(directory);
      }
      parent_ = TRY(std::move(opened));
      parent_path_ = directory;
    }
    return Place{parent_.get(), path.substr(slash + 1)};
  }

  static std::unexpected<Error> twice_or_errno(const std::string& path, std::string_view doing) {
    if (errno == EEXIST) return fail(path + " stands in the archive twice");
    return fail_errno(std::string(doing) + " " + path);
  }

  Fd root_;
  Fd parent_;
  std::string parent_path_;
};

constexpr mode_t kKeptModeBits = 01777;  // set-user-id and set-group-id are dropped

struct ArchivedPath {
  std::string name;  // absolute in the tree
  bool is_directory;
  mode_t mode;
};

// Writes every entry of an opened archive where `place` says it goes ("" leaves it out).
Status extract(archive* reader, TreeWriter& tree,
               const std::function<Result<std::string>(const ArchivedPath&)>& place) {
  archive_entry* entry = nullptr;
  for (int got; (got = archive_read_next_header(reader, &entry)) != ARCHIVE_EOF;) {
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return archive_failure(reader, "read archive");
    std::string name = TRY(path_in_tree(archive_entry_pathname(entry)));
    if (name.empty()) continue;
    mode_t type = archive_entry_filetype(entry);
    mode_t mode = archive_entry_perm(entry) & kKeptModeBits;
    bool directory = type == AE_IFDIR;
    std::string path = TRY(place({.name = std::move(name), .is_directory = directory, .mode = mode}));
    if (path.empty()) continue;
    if (const char* target = archive_entry_hardlink(entry)) {
      TRY(tree.hardlink(path, merged_usr(TRY(path_in_tree(target)))));
    } else if (directory) {
      TRY(tree.directory(path));
    } else if (type == AE_IFREG) {
      TRY(tree.file(path, mode | 0400, reader));
    } else if (type == AE_IFLNK) {
      TRY(tree.symlink(path, archive_entry_symlink(entry)));
    } else {
      return fail(path + " is neither a file, a directory nor a symbolic link");
    }
  }
  return {};
}

Status open_reader(archive* reader, ByteView content) {
  archive_read_support_filter_all(reader);
  archive_read_support_format_tar(reader);
  if (archive_read_open_memory(reader, content.data(), content.size()) != ARCHIVE_OK) {
    return archive_failure(reader, "open archive");
  }
  return {};
}

bool is_merged_link(const std::string& path) {
  return path == "/bin" || path == "/sbin" || path == "/lib" || path == "/lib64";
}

// What the packages claim, told as they are unpacked side by side.
class Claims {
 public:
  Status file(const std::string& path, const std::string& package) {
    std::lock_guard lock(mutex_);
    auto [known, fresh] = origins_.emplace(path, package);
    if (fresh) return {};
    return fail(path + " is claimed by two packages, " + known->second + " and " + package +
                ": leave it out of one with omit-files in the profile");
  }

  // Directories are shared. Where packages disagree about the mode, only what all of them allow stays, whatever
  // their order.
  void directory(const std::string& path, mode_t mode) {
    std::lock_guard lock(mutex_);
    auto [known, fresh] = modes_.emplace(path, mode);
    if (!fresh) known->second &= mode;
  }

  Status set_directory_modes(const fs::path& root) const {
    for (const auto& [path, mode] : modes_) {
      if (::chmod((root.string() + path).c_str(), mode | 0700) != 0) return fail_errno("chmod " + path);
    }
    return {};
  }

  Origins take_origins() { return std::move(origins_); }

 private:
  std::mutex mutex_;
  Origins origins_;
  std::map<std::string, mode_t> modes_;
};

Status unpack_one(const PackageFile& package, const fs::path& root, const Omission& omitted, Claims& claims) {
  MappedFile deb = TRY(MappedFile::open(package.deb));
  DebMembers members = TRY(parse_deb(deb.bytes()));
  ArchiveReader reader(archive_read_new());
  TRY(open_reader(reader.get(), members.data));
  TreeWriter tree = TRY(TreeWriter::at(root));
  return extract(reader.get(), tree, [&](const ArchivedPath& entry) -> Result<std::string> {
    if (entry.is_directory && is_merged_link(entry.name)) return std::string();
    std::string path = merged_usr(entry.name);
    if (omitted(package.name, path)) return std::string();
    if (entry.is_directory) {
      claims.directory(path, entry.mode);
    } else {
      TRY(claims.file(path, package.name));
    }
    return path;
  });
}

}  // namespace

Result<Origins> unpack_packages(const std::vector<PackageFile>& packages, const fs::path& root,
                                const Omission& omitted) {
  log::Progress progress("unpack " + std::to_string(packages.size()) + " packages", packages.size());
  Claims claims;
  TRY(parallel_for(packages.size(), [&](std::size_t i) -> Status {
    TRY(in("unpack " + packages[i].name, unpack_one(packages[i], root, omitted, claims)));
    progress.advance();
    return {};
  }));
  TRY(claims.set_directory_modes(root));
  return claims.take_origins();
}

}  // namespace ashlar::image
