#include "image/apt_indexes.h"

#include <apt-pkg/acquire-item.h>
#include <apt-pkg/acquire.h>
#include <apt-pkg/aptconfiguration.h>
#include <apt-pkg/configuration.h>
#include <apt-pkg/sourcelist.h>
#include <apt-pkg/strutl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <set>

#include "base/interrupt.h"
#include "base/log.h"

namespace ashlar::image {
namespace {

constexpr std::string_view kBackports = "-backports";

struct AptDirectories {
  fs::path root;
  [[nodiscard]] fs::path lists() const { return root / "lists"; }
  [[nodiscard]] fs::path sources() const { return root / "sources.list"; }
  [[nodiscard]] fs::path preferences() const { return root / "preferences"; }
};

Result<AptDirectories> make_directories(const fs::path& cache) {
  AptDirectories directories{cache / "apt"};
  std::error_code error;
  fs::remove_all(directories.lists(), error);
  for (const fs::path& path : {directories.lists() / "partial", directories.root / "archives/partial",
                               directories.root / "empty", cache / "releases"}) {
    fs::create_directories(path, error);
    if (error) return fail_errno("create " + path.string(), error.value());
  }
  return directories;
}

// Two locks made at once would share the directories.
Result<Fd> lock_directories(const fs::path& cache) {
  std::error_code error;
  fs::create_directories(cache / "apt", error);
  if (error) return fail_errno("create " + (cache / "apt").string(), error.value());
  Fd fd = TRY(open_file(cache / "apt/busy", O_RDWR | O_CREAT, 0600));
  TRY(lock_exclusively(fd, cache / "apt/busy"));
  return fd;
}

// apt reads "copy:" like "file:" but keeps its own copy of what it verified.
std::string apt_url(const std::string& base) { return local_path(base) ? "copy:" + base.substr(7) : base; }

Status write_sources(const AptDirectories& directories, const Recipes& recipes, const ResolveOptions& options) {
  std::string text;
  const auto add = [&](std::string_view type, std::string_view selection, const std::string& suite) {
    text += fmt::format(
        "{} [{} pdiffs=no signed-by={} check-valid-until=yes check-date=yes allow-insecure=no allow-weak=no "
        "allow-downgrade-to-insecure=no] {} {} main\n",
        type, selection, options.keyring.string(), apt_url(options.mirror.base_of(suite)), suite);
  };
  const bool with_sources = std::ranges::any_of(recipes, [](const auto& one) { return !one.second.sources.empty(); });
  for (const std::string& suite : options.suites) {
    add("deb", "arch=amd64 lang=none target=Packages", suite);
    if (with_sources && !suite.ends_with(kBackports)) add("deb-src", "target=Sources", suite);
  }
  return write_file(directories.sources(), as_bytes(text), 0600);
}

Status write_preferences(const AptDirectories& directories, const Recipes& recipes, const ResolveOptions& options) {
  std::set<std::string> wanted;
  for (const auto& [name, recipe] : recipes) {
    for (const OmittedPackage& backport : recipe.backports) wanted.insert(backport.package);
  }
  std::string text;
  for (const std::string& suite : options.suites) {
    if (!suite.ends_with(kBackports)) continue;
    text += fmt::format("Package: *\nPin: release n={}\nPin-Priority: -1\n\n", suite);
    for (const std::string& package : wanted) {
      text += fmt::format("Package: {}\nPin: release n={}\nPin-Priority: 990\n\n", package, suite);
    }
  }
  return write_file(directories.preferences(), as_bytes(text), 0600);
}

// What the host configured about networks stays; what it configured about packages does not apply here.
void configure(const AptDirectories& directories) {
  const std::string empty = (directories.root / "empty").string() + "/";
  const std::pair<const char*, std::string> settings[] = {
      {"Dir::State", directories.root.string() + "/"},
      {"Dir::State::lists", directories.lists().string() + "/"},
      {"Dir::State::status", "/dev/null"},
      {"Dir::State::extended_states", "/dev/null"},
      {"Dir::Cache", directories.root.string() + "/"},
      {"Dir::Cache::archives", (directories.root / "archives").string() + "/"},
      {"Dir::Cache::pkgcache", ""},
      {"Dir::Cache::srcpkgcache", ""},
      {"Dir::Etc::sourcelist", directories.sources().string()},
      {"Dir::Etc::sourceparts", empty},
      {"Dir::Etc::preferences", directories.preferences().string()},
      {"Dir::Etc::preferencesparts", empty},
      {"Dir::Etc::trusted", "/dev/null"},
      {"Dir::Etc::trustedparts", empty},
      {"APT::Architecture", "amd64"},
      {"APT::Install-Recommends", "false"},
      {"APT::Install-Suggests", "false"},
      {"APT::Default-Release", ""},
      {"APT::Solver", "internal"},
      {"APT::Sandbox::User", "root"},  // downloads stay ours: the directories are private
      {"APT::Get::AllowUnauthenticated", "false"},
      {"Acquire::AllowInsecureRepositories", "false"},
      {"Acquire::AllowWeakRepositories", "false"},
      {"Acquire::AllowDowngradeToInsecureRepositories", "false"},
      {"Acquire::Check-Valid-Until", "true"},
      {"Acquire::Check-Date", "true"},
      {"Acquire::Max-ValidTime", "0"},
      {"Acquire::Min-ValidTime", "0"},
      {"Acquire::Retries", "2"},
      {"Acquire::GzipIndexes", "false"},
  };
  for (const auto& [key, value] : settings) _config->Set(key, value);
  for (const char* list : {"APT::Architectures", "APT::Update", "DPkg", "Acquire::IndexTargets::deb::Translations"}) {
    _config->Clear(list);
  }
  _config->Set("APT::Architectures::", "amd64");
  APT::Configuration::getArchitectures(false);
}

class AcquireProgress : public pkgAcquireStatus {
 public:
  bool MediaChange(std::string, std::string) override { return false; }
  bool Pulse(pkgAcquire* owner) override {
    pkgAcquireStatus::Pulse(owner);
    progress_.set(static_cast<std::uint64_t>(Percent));
    return check_interrupted().has_value();
  }

 private:
  log::Progress progress_{"read the archive's indexes", 100};
};

constexpr int kPulse = 50'000;  // microseconds between looks at what arrived

Status update_indexes(pkgSourceList& sources) {
  AcquireProgress progress;
  pkgAcquire fetcher(&progress);
  if (!sources.GetIndexes(&fetcher)) return apt_failure("read the archive's indexes", take_apt_messages());
  bool ran = fetcher.Run(kPulse) == pkgAcquire::Continue;
  TRY(check_interrupted());
  std::string failures;
  for (auto item = fetcher.ItemsBegin(); item != fetcher.ItemsEnd(); ++item) {
    if ((*item)->Status == pkgAcquire::Item::StatDone) continue;
    failures += fmt::format("{}{}: {}", failures.empty() ? "" : "; ", (*item)->DescURI(), (*item)->ErrorText);
  }
  std::string messages = take_apt_messages();
  if (!ran || !failures.empty() || !messages.empty()) {
    // The items' own words name the address; apt's messages say it again and add the signature's story.
    return apt_failure("read the archive's indexes", messages.empty() ? failures : messages);
  }
  return {};
}

std::string iso_date(std::time_t time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time)); }

// Records which signed index was believed and keeps it for an export.
Result<LockedSuite> keep_release(const std::string& suite, const AptDirectories& directories,
                                 const ResolveOptions& options) {
  const std::string base = apt_url(options.mirror.base_of(suite));
  fs::path file = directories.lists() / URItoFileName(base + "/dists/" + suite + "/InRelease");
  Bytes content = TRY(read_file(file));
  std::string_view text = as_text(content);
  std::size_t at = text.find("\nDate: ");
  if (at == std::string_view::npos) return fail(suite + "'s InRelease has no Date");
  std::string date(text.substr(at + 7, text.find('\n', at + 1) - at - 7));
  std::time_t time = 0;
  if (!RFC1123StrToTime(date, time)) return fail(suite + "'s InRelease is dated '" + date + "', which is no date");
  LockedSuite locked{.name = suite, .date = iso_date(time), .in_release = sha256(content)};
  TRY(write_file(kept_release(options.cache, locked.in_release), content));
  return locked;
}

// Says what to do about what apt says went wrong.
std::string advice(const std::string& messages) {
  auto says = [&](std::string_view text) { return messages.find(text) != std::string::npos; };
  // gpgv's words on Debian 12, sqv's on Debian 13.
  if (says("NO_PUBKEY") || says("EXPKEYSIG") || says("Missing key") || says("No good signature"))
    return "The archive is signed by a key this host does not trust: is the mirror a Debian archive, and the package "
           "debian-archive-keyring current?";
  if (says("is expired") || says("not valid yet") || says("expired since"))
    return "The index is older than its archive promised, or this machine's clock is wrong: refresh the mirror, or "
           "use another one.";
  if (says("no longer has a Release file") || says("does not have a Release file") || says("is not signed"))
    return "The mirror has no signed index for this suite: give another one with --mirror.";
  if (says("resolv") || says("onnect") || says("unreachable") || says("timed out"))
    return "Is the network up? Proxies are taken from the environment and from apt's configuration.";
  return {};
}

}  // namespace

std::unexpected<Error> apt_failure(std::string_view doing, const std::string& messages) {
  std::string hint = advice(messages);
  return fail(fmt::format("{}: {}{}{}", doing, messages.empty() ? "apt gives no reason" : messages,
                          hint.empty() ? "" : ". ", hint));
}

Result<AptIndexes> read_indexes(const Recipes& recipes, const ResolveOptions& options) {
  TRY(load_apt());
  std::error_code error;
  if (!fs::exists(options.keyring, error)) {
    return fail_misuse("the archive's keys are not at " + options.keyring.string() +
                       ": install the package debian-archive-keyring");
  }
  AptIndexes indexes{
      .busy = TRY(lock_directories(options.cache)), .cache = std::make_unique<pkgCacheFile>(), .suites = {}};
  AptDirectories directories = TRY(make_directories(fs::absolute(options.cache)));
  TRY(write_sources(directories, recipes, options));
  TRY(write_preferences(directories, recipes, options));
  configure(directories);

  pkgCacheFile& cache = *indexes.cache;
  if (!cache.BuildSourceList(nullptr)) return apt_failure("read the list of sources", take_apt_messages());
  TRY(update_indexes(*cache.GetSourceList()));
  for (const std::string& suite : options.suites) {
    indexes.suites.push_back(TRY(in("keep the index of " + suite, keep_release(suite, directories, options))));
  }
  if (!cache.BuildCaches(nullptr, false) || !cache.BuildPolicy(nullptr)) {
    return apt_failure("read the lists of packages", take_apt_messages());
  }
  return indexes;
}

fs::path kept_release(const fs::path& cache, const Sha256Digest& in_release) {
  return cache / "releases" / (in_release.hex() + ".InRelease");
}

}  // namespace ashlar::image
