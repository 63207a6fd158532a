// What the program `attack` says of a loop (src/prove/live/costs.cc). Parsing alone; bench_layers.cc has the machines.
#pragma once

#include "prove/live_run.h"

namespace ashlar::cli {

// Microseconds for one time through the loop. Errors: it did not run to its end, or is no loop.
Result<double> microseconds_each(const prove::Attempt& attempt);

}  // namespace ashlar::cli
