#include "image/mirror.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/error.h>
#include <apt-pkg/init.h>
#include <apt-pkg/metaindex.h>
#include <apt-pkg/pkgsystem.h>
#include <apt-pkg/sourcelist.h>
#include <apt-pkg/strutl.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

namespace ashlar::image {
namespace {

std::string without_trailing_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

bool is_web_url(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

bool is_debian_suite(std::string_view dist) {
  constexpr std::array<std::string_view, 10> kSuites = {"bullseye", "bookworm",  "trixie",  "forky",    "sid",
                                                        "stable",   "oldstable", "testing", "unstable", "duke"};
  for (std::string_view suffix : {"-updates", "-backports", "-proposed-updates"}) {
    if (dist.ends_with(suffix)) dist.remove_suffix(suffix.size());
  }
  return std::ranges::find(kSuites, dist) != kSuites.end();
}

// How sure we are that an address is a Debian archive. Other archives use Debian's suite names too; the archive's
// signature decides in the end, this only picks whom to ask.
int confidence(const metaIndex& source, const std::string& url) {
  int points = 1;
  if (source.GetSignedBy().find("debian-archive") != std::string::npos) points += 10;
  if (url.ends_with("/debian") || url.ends_with("/debian-security")) points += 5;
  return points;
}

const std::string* best(const std::map<std::string, int>& scores) {
  auto found = std::ranges::max_element(scores, {}, [](const auto& entry) { return entry.second; });
  return found == scores.end() ? nullptr : &found->first;
}

}  // namespace

Status load_apt() {
  static std::mutex mutex;
  static bool loaded = false;
  std::lock_guard guard(mutex);
  if (loaded) return {};
  if (!pkgInitConfig(*_config) || !pkgInitSystem(*_config, _system)) {
    return fail("read the host's apt configuration: " + take_apt_messages());
  }
  loaded = true;
  return {};
}

std::string take_apt_messages() {
  std::string all;
  while (!_error->empty()) {
    std::string text;
    bool is_error = _error->PopMessage(text);
    if (!all.empty()) all += "; ";
    all += (is_error ? "E: " : "W: ") + text;
  }
  return all;
}

std::optional<fs::path> local_path(std::string_view url) {
  if (!url.starts_with("file:/")) return std::nullopt;
  url.remove_prefix(5);
  if (url.starts_with("//")) url.remove_prefix(2);
  if (!url.starts_with('/')) return std::nullopt;
  return fs::path(DeQuoteString(std::string(url)));
}

std::string file_url(const fs::path& absolute) { return "file://" + QuoteString(absolute.string(), " %#?[]\\\""); }

Result<Mirror> find_mirror(const std::optional<std::string>& option) {
  if (!option) return host_mirror("/");
  if (is_web_url(*option)) {
    std::string url = without_trailing_slash(*option);
    return Mirror{.archive = url, .security = url + "-security"};
  }
  fs::path directory = local_path(*option).value_or(*option);
  std::error_code error;
  directory = fs::canonical(directory, error);
  if (error) return fail_misuse("--mirror " + *option + ": " + error.message());
  if (!fs::is_directory(directory / "pool", error)) {
    return fail_misuse("--mirror " + *option + ": this directory has no pool/; `ashlar lock --export DIR` makes one");
  }
  return Mirror{.archive = file_url(directory), .security = file_url(directory)};
}

Result<Mirror> host_mirror(const fs::path& root) {
  TRY(load_apt());
  pkgSourceList list;
  if (root == "/") {
    list.ReadMainList();
  } else {
    if (fs::exists(root / "etc/apt/sources.list")) list.ReadAppend((root / "etc/apt/sources.list").string());
    if (fs::exists(root / "etc/apt/sources.list.d")) list.ReadSourceDir((root / "etc/apt/sources.list.d").string());
  }
  std::string messages = take_apt_messages();
  std::map<std::string, int> archives;
  std::map<std::string, int> security_archives;
  for (const metaIndex* source : list) {
    std::string url = without_trailing_slash(source->GetURI());
    std::string dist = without_trailing_slash(source->GetDist());
    if (!is_web_url(url) && !local_path(url)) continue;
    if (dist.ends_with("-security") || dist.ends_with("/updates")) {
      security_archives[url] += confidence(*source, url);
    } else if (is_debian_suite(dist)) {
      archives[url] += confidence(*source, url);
    }
  }
  const std::string* archive = best(archives);
  if (archive == nullptr) {
    return fail_misuse("the host's apt sources name no Debian archive: give one with --mirror" +
                       (messages.empty() ? std::string() : " (" + messages + ")"));
  }
  const std::string* security = best(security_archives);
  return Mirror{.archive = *archive, .security = security != nullptr ? *security : *archive + "-security"};
}

}  // namespace ashlar::image
