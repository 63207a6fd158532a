// Results of steps, kept by the hash of everything that went into them.
//
// An entry is a file or a directory at <root>/<kind>/<key>. It is made under a temporary name and renamed when it is
// whole: an entry that exists is complete. The cache may be deleted at any time; nothing but time is lost.
#pragma once

#include <functional>

#include "base/digest.h"
#include "base/fd.h"

namespace ashlar::image {

// The hash of a step's inputs. Each input goes in with its name and its length, so that no two lists of inputs are
// the same bytes.
class InputHash {
 public:
  // `step` names the step; `revision` changes when the step's own code changes its result.
  InputHash(std::string_view step, unsigned revision);

  InputHash& add(std::string_view name, std::string_view value);
  InputHash& add(std::string_view name, const Sha256Digest& digest) { return add(name, digest.hex()); }
  // The content, mode and name of a file, or of every file below a directory, in sorted order.
  Status add_files(const fs::path& path);

  Sha256Digest finish() { return hash_.finish(); }

 private:
  Sha256 hash_;
};

class Cache {
 public:
  // $ASHLAR_CACHE, else $XDG_CACHE_HOME/ashlar, else ~/.cache/ashlar.
  static Result<Cache> open_default();
  explicit Cache(fs::path root) : root_(std::move(root)) {}

  [[nodiscard]] const fs::path& root() const { return root_; }
  // Where TemporaryDirectory goes for work on entries: on the same file system as they.
  [[nodiscard]] fs::path work() const { return root_ / "work"; }

  struct Entry {
    fs::path path;
    bool was_cached;
  };
  // The entry of that kind and key; `make` creates it at the path it is given when there is none. Two processes that
  // want the same entry wait for each other.
  Result<Entry> get(std::string_view kind, const Sha256Digest& key,
                    const std::function<Status(const fs::path&)>& make) const;

 private:
  fs::path root_;
};

// Gives `to` an entry of another cache, which lies there as <root>/<kind>/<key>: as hard links where both are on one
// file system, as copies otherwise. Nothing in it may be written to.
Status lend_entry(const fs::path& entry, const Cache& to);

// A directory below `parent` that is deleted, with everything in it, when this goes out of scope. Those that processes
// left there which were killed are deleted first.
class TemporaryDirectory {
 public:
  static Result<TemporaryDirectory> below(const fs::path& parent);
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  explicit TemporaryDirectory(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

// Deletes a tree even where directories in it are not writable. Never follows links, never leaves the tree.
Status remove_tree(const fs::path& path);

}  // namespace ashlar::image
