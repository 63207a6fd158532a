// `ashlar prove`: attacks an image in real machines, case by case, and reports what held.
#pragma once

#include "prove/report.h"

namespace ashlar::prove {

struct ProveOptions {
  LabOptions lab;
  // sample: one case a layer is booted, the others are judged offline, or left out where that says nothing
  Tier tier = Tier::full;
  std::vector<std::string> only;  // ids; all when empty
  std::uint64_t seed = 1;         // of the bit flips and power cuts
  unsigned flips_offline = 1000;
  unsigned flips_booted = 20;
};

// The cases and what each does, one a line: "uki.cmdline  One bit of ...".
Result<std::string> list_cases(const ProveOptions& options);

// An error when nothing could be proved at all: the image or its keys are wrong, or the untouched machine does not
// boot. Broken cases are in the report.
Result<Proof> prove(const ProveOptions& options);

}  // namespace ashlar::prove
