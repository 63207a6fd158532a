// Where packages come from. No archive's address stands in this project: it is the host's own, or the one given.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"

namespace ashlar::image {

struct Mirror {
  // "http://host/debian" or "file:///srv/export", without a slash at the end.
  std::string archive;
  // The same for the suites whose name ends in -security.
  std::string security;

  [[nodiscard]] const std::string& base_of(std::string_view suite) const {
    return suite.ends_with("-security") ? security : archive;
  }
};

// `option` is what --mirror said: a URL, whose security archive lies beside it as "<URL>-security", or a directory that
// `ashlar lock --export` wrote and that holds both. Without it, the Debian archive in the host's apt sources.
Result<Mirror> find_mirror(const std::optional<std::string>& option);

// As find_mirror without an option, from the apt configuration below `root`; "/" is the host.
Result<Mirror> host_mirror(const fs::path& root);

// "file:///a%20b" -> "/a b"; nullopt for a URL of any other kind.
std::optional<fs::path> local_path(std::string_view url);
std::string file_url(const fs::path& absolute);

// Loads the host's apt configuration (proxies, timeouts) into libapt-pkg's global state, once per process.
Status load_apt();
// Takes what libapt-pkg has to say and empties its list: "E: …; W: …" or empty.
std::string take_apt_messages();

}  // namespace ashlar::image
