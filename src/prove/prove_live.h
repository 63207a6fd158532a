// `ashlar prove --live`: attacks from inside the running machine, in one boot of the image as it is and in boots of the
// same image with layers switched off, where they must succeed.
#pragma once

#include "prove/attack.h"
#include "prove/report.h"

namespace ashlar::prove {

struct LiveOptions {
  LabOptions lab;                 // an image of a profile with the program `attack`
  Tier tier = Tier::full;         // sample: one weakened boot instead of all, no /data and no browser
  std::vector<std::string> only;  // ids of cases to be reported; all when empty
};

// An error when nothing could be tried: the image has no attack program, or a machine does not start.
Result<Proof> prove_live(const LiveOptions& options);

// The cases and what each does, one a line.
std::string list_live_cases();

}  // namespace ashlar::prove
