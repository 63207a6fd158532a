// `ashlar lock`: from recipes to a lock, through libapt-pkg.
//
// The host's own package state is never looked at: state and cache directories are private and thrown away, the list
// of installed packages is empty. Indexes are taken anew each time and believed only with a signature by a key of
// `keyring`, within their Valid-Until. Each profile is resolved apart from the others.
#pragma once

#include "image/lock.h"
#include "image/mirror.h"
#include "image/recipe.h"

namespace ashlar::image {

inline constexpr const char* kDebianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

struct ResolveOptions {
  Mirror mirror;
  fs::path cache;  // the cache's root; signed indexes are kept in releases/ for an export
  fs::path keyring = kDebianKeyring;
  // The last one named -backports gives only the packages a recipe lists under [[backport]].
  std::vector<std::string> suites = {"trixie", "trixie-updates", "trixie-security", "trixie-backports"};
};

// Errors: no network, a foreign or expired signature, a package no suite has, dependencies that cannot be met. Not to
// be called from two threads: libapt-pkg's configuration is global.
Result<Lock> resolve(const Recipes& recipes, const ResolveOptions& options);

struct LockOptions {
  fs::path profiles;   // "os/profiles"
  fs::path lock_file;  // "os/packages.lock"; replaced when all went well
  ResolveOptions resolve;
};

struct MadeLock {
  Lock lock;
  std::vector<std::string> changes;  // diff_locks() against the file that was there
};
Result<MadeLock> make_lock(const LockOptions& options);

Result<Lock> read_lock(const fs::path& file);

// An error that names the profiles whose recipe asks for something else than the lock was made for.
Status check_current(const Lock& lock, const Recipes& recipes);

// The signed index with this hash, as it was kept when a lock was made.
fs::path kept_release(const fs::path& cache, const Sha256Digest& in_release);

}  // namespace ashlar::image
