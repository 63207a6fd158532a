// Running locked tools in a tree of unpacked packages through bubblewrap: no network, a /dev of its own, a fixed
// environment, and nothing of the host but what is bound in by name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace ashlar::image {

// The time every step believes it is: 2026-01-01T00:00:00Z. It shows as the date of files and nowhere else.
inline constexpr std::uint64_t kSourceDateEpoch = 1767225600;

struct Bind {
  enum class Access { kReadOnly, kReadWrite };
  fs::path host;
  fs::path inside;
  Access access = Access::kReadOnly;
};

struct SandboxCommand {
  fs::path root;                         // the tree seen as /, read-only
  std::vector<Bind> binds;               // in order; later ones may lie in earlier ones
  fs::path directory = "/";              // working directory inside
  std::vector<std::string> argv;         // looked up in the tree's PATH
  std::vector<std::string> environment;  // "NAME=value", added to the fixed ones
  std::string input;
  std::function<void(std::string_view)> on_line;
};

// Standard output of the command; an exit status other than 0 is an error that quotes what it said.
Result<std::string> run_sandboxed(const SandboxCommand& command);

}  // namespace ashlar::image
