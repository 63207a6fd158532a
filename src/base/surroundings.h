// Doing a piece of work as somebody else somewhere else would, to see whether its result depends on it. Host only.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/fd.h"

namespace ashlar {

struct Surroundings {
  enum class Processors { kAll, kOne };
  std::optional<uid_t> user;                       // with the group of the same number and no others; needs root
  std::map<std::string, std::string> environment;  // set beside what the caller's has
  mode_t umask = 022;
  Processors processors = Processors::kAll;
  fs::path directory;  // working directory; it must be the user's to enter
};

// Runs `work` in a child process in these surroundings and returns what it returned. Nothing else comes back: what the
// work changes in memory is lost. The caller must have no other threads. An interrupt ends the child.
Result<std::string> run_in(const Surroundings& surroundings, const std::function<Result<std::string>()>& work);

}  // namespace ashlar
