// `ashlar test --soak`: what takes hours. Every fuzz target for ten minutes, the image, kernel included, built a second
// time elsewhere, attacks with more bit flips, power cuts while /data is changed, and the desktop started again a
// hundred times. What came out goes into docs/MEASUREMENTS.md with date, commit and seed.
#pragma once

#include <string>

#include "base/result.h"

namespace ashlar::cli {

struct SoakOptions {
  unsigned seed = 0;  // 0: one is drawn
  std::string mirror;
};
// Ends its output with "N passed, N failed"; an error when one failed.
Status soak(const SoakOptions& options);

}  // namespace ashlar::cli
