// os/triggers.toml: what maintainer scripts and dpkg triggers would have made and the image needs.
#pragma once

#include <string>
#include <vector>

#include "image/workshop.h"

namespace ashlar::image {

struct Trigger {
  std::string name;
  std::string when;              // a path of the tree without which the trigger is not needed
  std::vector<std::string> run;  // in the workshop; the tree is at kTreeInside
};

inline const fs::path kTreeInside = "/run/tree";

Result<std::vector<Trigger>> parse_triggers(std::string_view toml, std::string_view file);

// Runs, in their order, those whose `when` exists in the tree.
Status run_triggers(const std::vector<Trigger>& triggers, const Workshop& workshop, const fs::path& tree);

}  // namespace ashlar::image
