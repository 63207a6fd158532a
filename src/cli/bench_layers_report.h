// What the program `cost` says (src/cost/main.cc). Parsing alone; bench_layers.cc has the machines.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace ashlar::cli {

// Microseconds for one time through a loop, by place and loop.
using LoopTimes = std::map<std::pair<std::string, std::string>, double>;

// "cost: exec in session: 251 1003456789". An error when a loop did not run to its end: what it said.
Result<LoopTimes> parse_loop_times(std::string_view text);

}  // namespace ashlar::cli
