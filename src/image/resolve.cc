#include "image/resolve.h"

#include <apt-pkg/algorithms.h>
#include <apt-pkg/cachefile.h>
#include <apt-pkg/depcache.h>
#include <apt-pkg/pkgrecords.h>
#include <apt-pkg/policy.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "image/apt_indexes.h"
#include "image/source_package.h"

namespace ashlar::image {
namespace {

std::string describe_broken(pkgDepCache& depcache) {
  std::string text;
  for (pkgCache::PkgIterator package = depcache.PkgBegin(); !package.end(); ++package) {
    if (!depcache[package].InstBroken()) continue;
    pkgCache::VerIterator version = depcache[package].InstVerIter(depcache.GetCache());
    if (version.end()) continue;
    for (pkgCache::DepIterator dependency = version.DependsList(); !dependency.end();) {
      pkgCache::DepIterator start;
      pkgCache::DepIterator end;
      dependency.GlobOr(start, end);
      if (!depcache.IsImportantDep(end) || (depcache[end] & pkgDepCache::DepGInstall) != 0) continue;
      text += fmt::format("{}{} {} {} {}", text.empty() ? "" : "; ", package.Name(), version.VerStr(), end.DepType(),
                          start.TargetPkg().Name());
      if (start.TargetVer() != nullptr) text += fmt::format(" ({} {})", start.CompType(), start.TargetVer());
      if (start->ID != end->ID) text += " or an alternative";
    }
  }
  return text;
}

class ProfileResolver {
 public:
  ProfileResolver(pkgCacheFile& cache, const Recipe& recipe)
      : cache_(cache), recipe_(recipe), depcache_(cache.GetPkgCache(), cache.GetPolicy()) {}

  // The versions chosen, by package name, without what the recipe omits and what only that needed.
  Result<std::map<std::string, pkgCache::VerIterator>> run() {
    TRY(choose());
    for (const std::string& name : recipe_.packages) {
      pkgCache::PkgIterator package = depcache_.FindPkg(name);
      pkgCache::VerIterator version = depcache_[package].InstVerIter(depcache_.GetCache());
      if (version.end()) return fail(fmt::format("'{}' conflicts with another package of the profile", name));
      reach(version);
    }
    std::vector<std::string> useless;
    for (const OmittedPackage& omitted : recipe_.omit) {
      if (!left_out_.contains(omitted.package)) useless.push_back(omitted.package);
    }
    if (!useless.empty()) {
      return fail_misuse(fmt::format("[[omit]] without effect, nothing needs it: {}", fmt::join(useless, ", ")));
    }
    return std::move(reached_);
  }

 private:
  Status choose() {
    if (!depcache_.Init(nullptr)) return apt_failure("read the packages' dependencies", take_apt_messages());
    pkgDepCache::ActionGroup group(depcache_);
    pkgProblemResolver resolver(&depcache_);
    for (const std::string& name : recipe_.packages) {
      pkgCache::PkgIterator package = depcache_.FindPkg(name);
      if (package.end() || package.VersionList().end()) return fail(fmt::format("no suite has a package '{}'", name));
      if (depcache_.GetCandidateVersion(package).end())
        return fail(fmt::format("'{}' is in the backports suite only and no [[backport]] names it", name));
      resolver.Clear(package);
      resolver.Protect(package);
    }
    // First all by name, then what they depend on: an alternative that is wanted anyway is preferred.
    for (bool with_dependencies : {false, true}) {
      for (const std::string& name : recipe_.packages) {
        depcache_.MarkInstall(depcache_.FindPkg(name), with_dependencies, 0, true);
      }
    }
    bool resolved = resolver.Resolve(true);
    std::string messages = take_apt_messages();
    if (!resolved || depcache_.BrokenCount() > 0) {
      std::string broken = describe_broken(depcache_);
      return fail("dependencies that cannot be met: " + (broken.empty() ? messages : broken));
    }
    return {};
  }

  // Depth first over the dependencies that were met, in the order the packages state them.
  void reach(const pkgCache::VerIterator& version) {
    std::string name = version.ParentPkg().Name();
    if (is_omitted(name)) {
      left_out_.insert(name);
      return;
    }
    if (!reached_.emplace(name, version).second) return;
    for (pkgCache::DepIterator dependency = version.DependsList(); !dependency.end();) {
      pkgCache::DepIterator start;
      pkgCache::DepIterator end;
      dependency.GlobOr(start, end);
      if (start->Type != pkgCache::Dep::Depends && start->Type != pkgCache::Dep::PreDepends) continue;
      reach_alternatives(start, end);
    }
  }

  void reach_alternatives(pkgCache::DepIterator start, const pkgCache::DepIterator& end) {
    for (;; ++start) {
      std::unique_ptr<pkgCache::Version*[]> targets(start.AllTargets());
      for (pkgCache::Version** target = targets.get(); *target != nullptr; ++target) {
        pkgCache::VerIterator candidate(depcache_.GetCache(), *target);
        if (depcache_[candidate.ParentPkg()].InstallVer != *target) continue;
        reach(candidate);
        return;
      }
      if (start == end) return;
    }
  }

  bool is_omitted(const std::string& name) const {
    return std::ranges::binary_search(recipe_.omit, name, {}, &OmittedPackage::package);
  }

  pkgCacheFile& cache_;
  const Recipe& recipe_;
  pkgDepCache depcache_;
  std::map<std::string, pkgCache::VerIterator> reached_;
  std::set<std::string> left_out_;
};

// A version may be in several suites; the earliest of the list is the one that keeps it longest.
Result<LockedPackage> describe_version(pkgRecords& records, const pkgCache::VerIterator& version,
                                       const std::vector<std::string>& suites) {
  LockedPackage package{
      .name = version.ParentPkg().Name(), .version = version.VerStr(), .architecture = version.Arch()};
  auto rank = [&](const std::string& suite) { return std::ranges::find(suites, suite) - suites.begin(); };
  pkgCache::VerFileIterator best;
  for (pkgCache::VerFileIterator file = version.FileList(); !file.end(); ++file) {
    const char* codename = file.File().Codename();
    std::string suite = codename == nullptr ? "" : codename;
    if (std::ranges::find(suites, suite) == suites.end()) continue;
    if (best.IsGood() && rank(suite) >= rank(package.suite)) continue;
    best = file;
    package.suite = suite;
  }
  if (!best.IsGood()) return fail(fmt::format("{} {} is in no known suite", package.name, package.version));
  pkgRecords::Parser& record = records.Lookup(best);
  const HashStringList hashes = record.Hashes();
  const HashString* hash = hashes.find("SHA256");
  if (hash == nullptr) return fail(fmt::format("{} {} has no SHA-256", package.name, package.version));
  package.sha256 = TRY(parse_sha256(hash->HashValue()));
  package.path = record.FileName();
  package.size = version->Size;
  return package;
}

}  // namespace

Result<Lock> resolve(const Recipes& recipes, const ResolveOptions& options) {
  AptIndexes indexes = TRY(read_indexes(recipes, options));
  Lock lock{.suites = std::move(indexes.suites), .profiles = {}, .packages = {}};
  pkgCacheFile& cache = *indexes.cache;
  pkgRecords records(*cache.GetPkgCache());
  std::map<std::string, LockedPackage> packages;
  for (const auto& [name, recipe] : recipes) {
    if (!recipe.has_own_packages()) continue;
    auto versions = TRY(in("profile " + name, ProfileResolver(cache, recipe).run()));
    lock.profiles.push_back({.name = name, .inputs = resolution_inputs(recipe)});
    for (const auto& [package, version] : versions) {
      auto found = packages.find(package);
      if (found == packages.end()) {
        LockedPackage described = TRY(describe_version(records, version, options.suites));
        found = packages.emplace(package, std::move(described)).first;
      }
      if (found->second.version != version.VerStr()) {
        return fail(fmt::format("profile {} wants {} {}, another one {}", name, package, version.VerStr(),
                                found->second.version));
      }
      found->second.profiles.push_back(name);
    }
    for (const std::string& source : recipe.sources) {
      std::vector<LockedPackage> files = TRY(locked_source(*cache.GetSourceList(), source, options.suites));
      for (const LockedPackage& file : files) {
        packages.emplace(file.name, file).first->second.profiles.push_back(name);
      }
    }
  }
  for (auto& [name, package] : packages) lock.packages.push_back(std::move(package));
  // What the parser would refuse must not be written: an archive's index is input, signed or not.
  std::string text = write_lock(lock);
  return in("check the new lock", parse_lock(as_bytes(text)));
}

Result<Lock> read_lock(const fs::path& file) {
  Result<Bytes> content = read_file(file);
  if (!content && content.error().code() == ENOENT) {
    return fail_misuse("there is no lock at " + file.string() + ": run `ashlar lock`");
  }
  Bytes text = TRY(std::move(content));
  return in(file.string(), parse_lock(text));
}

Result<MadeLock> make_lock(const LockOptions& options) {
  Recipes recipes = TRY(read_recipes(options.profiles));
  MadeLock made{.lock = TRY(resolve(recipes, options.resolve)), .changes = {}};
  std::error_code error;
  if (fs::exists(options.lock_file, error)) {
    Result<Lock> before = read_lock(options.lock_file);
    if (before) {
      made.changes = diff_locks(*before, made.lock);
      for (const LockedSuite& suite : made.lock.suites) {
        for (const LockedSuite& old_suite : before->suites) {
          if (old_suite.name == suite.name && old_suite.date > suite.date) {
            log::warn(fmt::format("{} went back in time: the lock saw it as of {}, this mirror's is of {}", suite.name,
                                  old_suite.date, suite.date));
          }
        }
      }
    } else {
      log::warn("the lock that is replaced could not be read: " + before.error().message());
    }
  }
  TRY(write_file(options.lock_file, as_bytes(write_lock(made.lock))));
  return made;
}

Status check_current(const Lock& lock, const Recipes& recipes) {
  std::vector<std::string> stale;
  for (const auto& [name, recipe] : recipes) {
    if (!recipe.has_own_packages()) continue;
    auto found = std::ranges::find(lock.profiles, name, &LockedProfile::name);
    if (found == lock.profiles.end() || found->inputs != resolution_inputs(recipe)) stale.push_back(name);
  }
  if (stale.empty()) return {};
  return fail_misuse(
      fmt::format("the lock was made for another recipe of {}: run `ashlar lock`", fmt::join(stale, ", ")));
}

}  // namespace ashlar::image
