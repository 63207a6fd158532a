// From what the user typed to what the builder needs.
#pragma once

#include <optional>

#include "cli/commands.h"
#include "image/build.h"

namespace ashlar::cli {

inline constexpr const char* kLockFile = "os/packages.lock";

// The repository this tool was compiled from.
fs::path source_directory();

// An option that was not given.
inline std::optional<std::string> given(const std::string& option) {
  return option.empty() ? std::nullopt : std::optional(option);
}

// Fills in defaults. Without --keys a dev image is signed with the development set, which is made, and said, when there
// is none; a release image wants keys that were made on purpose.
Result<image::BuildOptions> build_options(const ImageChoice& choice);
// The same without keys, for commands that only need the locked tools.
Result<image::BuildOptions> tool_options(const ImageChoice& choice);

}  // namespace ashlar::cli
