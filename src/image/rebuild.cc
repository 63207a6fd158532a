#include "image/rebuild.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "base/log.h"
#include "base/surroundings.h"
#include "image/cache.h"
#include "image/pkcs11.h"

namespace ashlar::image {
namespace {

// A user without an account: unlike "nobody", no other program runs as it and could read what it is given. Debian
// leaves these numbers free (Policy 9.2.2).
std::optional<uid_t> unused_user() {
  for (uid_t user = 65000; user < 65500; ++user) {
    if (::getpwuid(user) == nullptr) return user;
  }
  return std::nullopt;
}

Status give(const fs::path& path, uid_t user) {
  if (::lchown(path.c_str(), user, user) != 0) return fail_errno("give away " + path.string());
  return {};
}
Status give_tree(const fs::path& path, uid_t user) {
  TRY(give(path, user));
  for (const auto& entry : fs::recursive_directory_iterator(path)) TRY(give(entry.path(), user));
  return {};
}

Status copy_keys(const fs::path& from, const fs::path& to) {
  fs::create_directory(to);
  fs::permissions(to, fs::perms::owner_all);
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.is_regular_file()) TRY(write_file(to / entry.path().filename(), TRY(read_file(entry.path())), 0600));
  }
  return {};
}

Status lend_entries(const UsedEntries& used, Lend lend, const Cache& to) {
  for (const fs::path& package : used.packages) TRY(lend_entry(package, to));
  return lend == Lend::kPackages ? Status{} : lend_entry(used.kernel, to);
}

// The user gets the directories and what was copied for him. What was lent stays its owner's: it is the same files.
Status hand_over(const fs::path& work, uid_t user) {
  for (const char* own : {"", "home", "cache"}) TRY(give(work / own, user));
  for (const auto& kind : fs::directory_iterator(work / "cache")) TRY(give(kind.path(), user));
  TRY(give_tree(work / "source", user));
  TRY(give_tree(work / "keys", user));
  TRY(give_tree(work / "mirror", user));
  return give(work / "packages.lock", user);
}

}  // namespace

Status copy_sources(const fs::path& from, const fs::path& to) {
  fs::create_directory(to);
  for (const char* part : {"os", "src", "CMakeLists.txt"}) {
    std::error_code error;
    fs::copy(from / part, to / part, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
    if (error) return fail_errno("copy " + (from / part).string(), error.value());
  }
  return {};
}

fs::path rebuild_parent(const fs::path& cache) { return ::getuid() == 0 ? fs::path("/var/tmp") : cache / "work"; }

Result<Rebuild> build_elsewhere(const BuildOptions& options, const BuildReport& first, Lend lend,
                                const fs::path& work) {
  Cache cache(work / "cache");
  for (const char* directory : {"cache", "home", "mirror/pool"}) fs::create_directories(work / directory);
  TRY(in("lend packages", lend_entries(first.used, lend, cache)));
  TRY(copy_sources(options.source, work / "source"));
  TRY(write_file(work / "packages.lock", TRY(read_file(options.lock))));

  BuildOptions second = options;
  second.source = work / "source";
  second.lock = work / "packages.lock";
  second.output = work / "out";
  second.mirror = work / "mirror";  // an empty archive: what is missing cannot come from anywhere
  Rebuild rebuild{.image = image_path(second)};
  Surroundings surroundings = {.environment = {{"ASHLAR_CACHE", cache.root()},
                                               {"HOME", work / "home"},
                                               {"LANG", "tr_TR.UTF-8"},
                                               {"LC_ALL", "tr_TR.UTF-8"},
                                               {"TZ", "Pacific/Kiritimati"}},
                               .umask = 077,
                               .processors = Surroundings::Processors::kOne,
                               .directory = work};
  if (!is_pkcs11_uri(options.keys)) {
    TRY(copy_keys(options.keys, work / "keys"));
    second.keys = work / "keys";
    if (::getuid() == 0) surroundings.user = unused_user();
  }
  if (surroundings.user) {
    TRY(hand_over(work, *surroundings.user));
    rebuild.user = surroundings.user;
  }
  rebuild.report = TRY(in(
      "second build", run_in(surroundings, [&]() -> Result<std::string> { return TRY(build_image(second)).json(); })));
  return rebuild;
}

}  // namespace ashlar::image
