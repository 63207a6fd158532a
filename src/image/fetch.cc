#include "image/fetch.h"

#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>

#include "base/log.h"
#include "image/parallel.h"
#include "image/resolve.h"

namespace ashlar::image {
namespace {

Status make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail_errno("create " + path.string(), error.value());
  return {};
}

// One process downloads at a time: two would write to the same ".part".
Result<Fd> lock_packages(const fs::path& directory) {
  TRY(make_directory(directory));
  Fd fd = TRY(open_file(directory / "busy", O_RDWR | O_CREAT, 0600));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return fail_errno("lock " + directory.string());
  log::info("another ashlar is downloading; waiting for it");
  TRY(lock_exclusively(fd, directory));
  return fd;
}

Download download_of(const LockedPackage& package, const Mirror& mirror, const fs::path& to) {
  return {.url = mirror.base_of(package.suite) + "/" + package.path,
          .to = to,
          .size = package.size,
          .sha256 = package.sha256,
          .what = package.name + " " + package.version};
}

// Which of the files are missing or not what they should be.
Result<std::vector<std::size_t>> find_missing(const std::vector<LockedPackage>& packages,
                                              const std::vector<fs::path>& files) {
  std::vector<std::size_t> missing;
  std::mutex mutex;
  TRY(parallel_for(packages.size(), [&](std::size_t i) -> Status {
    Status status = check_file(files[i], packages[i].size, packages[i].sha256);
    if (status) return {};
    std::lock_guard guard(mutex);
    if (status.error().code() != ENOENT) {
      log::warn(status.error().message() + ": downloading it again");
      std::error_code error;
      fs::remove(files[i], error);
    }
    missing.push_back(i);
    return {};
  }));
  std::ranges::sort(missing);
  return missing;
}

// ---- Export --------------------------------------------------------------------------------------------------------

struct IndexFile {
  std::string name;  // "main/binary-amd64/Packages.xz", below the suite
  std::uint64_t size = 0;
  Sha256Digest sha256;
};

// From the SHA-256 section of a release file: lines of hash, size and name.
Result<IndexFile> find_index_named(std::string_view release, std::string_view wanted) {
  std::size_t at = release.find("\nSHA256:");
  if (at == std::string_view::npos) return fail("the index has no SHA256 section");
  release.remove_prefix(release.find('\n', at + 1) + 1);
  while (release.starts_with(' ')) {
    std::string_view line = release.substr(1, release.find('\n') - 1);
    release.remove_prefix(std::min(release.size(), line.size() + 2));
    if (!line.ends_with(wanted) || line.size() < 64 + wanted.size() + 2) continue;
    std::string_view size = line.substr(64, line.size() - 64 - wanted.size());
    if (size.front() != ' ' || size.back() != ' ') continue;
    IndexFile index;
    index.name = wanted;
    index.sha256 = TRY(parse_sha256(line.substr(0, 64)));
    for (char c : size) {
      if (c == ' ') continue;
      if (c < '0' || c > '9' || index.size > (std::uint64_t{1} << 32)) return fail("the index has a line without size");
      index.size = index.size * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return index;
  }
  return fail("the index does not list " + std::string(wanted));
}

// A list in the first of the compressions apt prefers that the archive has.
Result<IndexFile> find_index(std::string_view release, const std::string& list) {
  Result<IndexFile> index = fail("");
  for (const char* compression : {".xz", ".gz", ""}) {
    index = find_index_named(release, list + compression);
    if (index) break;
  }
  return index;
}

constexpr const char* kNoResolving = ": images can be built from this export, but `ashlar lock` cannot resolve from it";

// A suite's signed index as it was when the lock was made, and the lists of packages it signs.
struct SuiteIndex {
  const LockedSuite& suite;
  Bytes release;
  std::vector<IndexFile> lists;

  [[nodiscard]] fs::path below(const fs::path& directory) const { return directory / "dists" / suite.name; }
};

// Nothing where the lock was made on another machine: the index stays with who made the lock.
Result<std::optional<SuiteIndex>> suite_index(const LockedSuite& suite, const fs::path& cache, bool with_sources) {
  fs::path file = kept_release(cache, suite.in_release);
  Result<Bytes> release = read_file(file);
  if (!release && release.error().code() == ENOENT) {
    log::warn(
        fmt::format("the signed index of {} from {} is not in the cache{}", suite.name, suite.date, kNoResolving));
    return std::nullopt;
  }
  if (!release) return std::unexpected(std::move(release).error());
  if (sha256(*release) != suite.in_release) return fail(file.string() + " is damaged: run `ashlar lock`");
  std::vector<IndexFile> lists = {TRY(find_index(as_text(*release), "main/binary-amd64/Packages"))};
  // Backports give no sources (apt_indexes.cc).
  if (with_sources && !suite.name.ends_with("-backports")) {
    lists.push_back(TRY(find_index(as_text(*release), "main/source/Sources")));
  }
  return SuiteIndex{suite, std::move(*release), std::move(lists)};
}

enum class IndexNames { kByHash, kPlain };

// The lists of packages that are not in `directory` yet.
std::vector<Download> missing_lists(const std::vector<SuiteIndex>& indexes, const Mirror& mirror,
                                    const fs::path& directory, IndexNames names) {
  std::vector<Download> downloads;
  for (const SuiteIndex& index : indexes) {
    for (const IndexFile& list : index.lists) {
      fs::path to = index.below(directory) / list.name;
      if (check_file(to, list.size, list.sha256)) continue;
      fs::path by_hash = fs::path(list.name).parent_path() / "by-hash/SHA256" / list.sha256.hex();
      downloads.push_back({.url = mirror.base_of(index.suite.name) + "/dists/" + index.suite.name + "/" +
                                  (names == IndexNames::kByHash ? by_hash.string() : list.name),
                           .to = to,
                           .size = list.size,
                           .sha256 = list.sha256,
                           .what = "the list of packages of " + index.suite.name});
    }
  }
  return downloads;
}

Status export_suites(const Lock& lock, const FetchOptions& options, const fs::path& directory) {
  std::vector<SuiteIndex> indexes;
  const bool with_sources =
      std::ranges::find(lock.packages, kSource, &LockedPackage::architecture) != lock.packages.end();
  for (const LockedSuite& suite : lock.suites) {
    std::optional<SuiteIndex> index = TRY(in(suite.name, suite_index(suite, options.cache, with_sources)));
    if (!index) continue;
    for (const IndexFile& list : index->lists) {
      TRY(make_directory((index->below(directory) / list.name).parent_path()));
    }
    indexes.push_back(std::move(*index));
  }
  // By its hash first: the plain name may hold a newer list by now. An exported directory has plain names only.
  Mirror mirror = TRY(options.mirror);
  auto download = [&](IndexNames names) {
    return download_all(missing_lists(indexes, mirror, directory, names), options.download);
  };
  Status done = download(IndexNames::kByHash);
  if (!done && gone_from_mirror(done.error())) done = download(IndexNames::kPlain);
  if (!done && gone_from_mirror(done.error())) {
    log::warn(done.error().message() + kNoResolving);
    return {};
  }
  TRY(std::move(done));
  for (const SuiteIndex& index : indexes) TRY(write_file(index.below(directory) / "InRelease", index.release));
  return {};
}

Status copy_package(const fs::path& from, const LockedPackage& package, const fs::path& to) {
  if (check_file(to, package.size, package.sha256)) return {};
  TRY(make_directory(to.parent_path()));
  Bytes content = TRY(read_file(from));
  if (sha256(content) != package.sha256) return fail(from.string() + " changed while it was exported");
  return write_file(to, content);
}

}  // namespace

fs::path cached_package(const fs::path& cache, const LockedPackage& package) {
  return cache / "packages" / (package.sha256.hex() + (package.architecture == kSource ? ".tar" : ".deb"));
}

Result<std::vector<fs::path>> fetch(const Lock& lock, const std::vector<std::string>& profiles,
                                    const FetchOptions& options) {
  std::vector<LockedPackage> packages = TRY(packages_of(lock, profiles));
  std::vector<fs::path> files;
  for (const LockedPackage& package : packages) files.push_back(cached_package(options.cache, package));
  std::vector<std::size_t> missing = TRY(find_missing(packages, files));
  if (missing.empty()) return files;

  Mirror mirror = TRY(options.mirror);
  Fd busy = TRY(lock_packages(options.cache / "packages"));
  std::vector<Download> downloads;
  std::set<fs::path> wanted;
  for (std::size_t i : missing) {
    if (!wanted.insert(files[i]).second) continue;
    // Another process may have brought it while we waited.
    if (check_file(files[i], packages[i].size, packages[i].sha256)) continue;
    downloads.push_back(download_of(packages[i], mirror, files[i]));
  }
  TRY(in("fetch", download_all(downloads, options.download)));
  return files;
}

Status export_lock(const Lock& lock, const FetchOptions& options, const fs::path& directory) {
  std::vector<std::string> profiles;
  for (const LockedProfile& profile : lock.profiles) profiles.push_back(profile.name);
  TRY(make_directory(directory / "pool"));
  TRY(in("export", export_suites(lock, options, directory)));
  std::vector<LockedPackage> packages = TRY(packages_of(lock, profiles));
  std::vector<fs::path> files = TRY(fetch(lock, profiles, options));
  log::Progress progress(fmt::format("export {} packages", packages.size()), packages.size());
  return parallel_for(packages.size(), [&](std::size_t i) -> Status {
    TRY(in("export " + packages[i].name, copy_package(files[i], packages[i], directory / packages[i].path)));
    progress.advance();
    return {};
  });
}

}  // namespace ashlar::image
