// `ashlar fuzz`: one parser under libFuzzer for as long as one likes.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/fuzzing.h"

namespace ashlar::cli {

Status fuzz_command(const FuzzCommandOptions& options) {
  std::vector<std::string> targets = TRY(fuzz_targets());
  if (options.target.empty()) {
    for (const std::string& target : targets) fmt::print("{}\n", target);
    return {};
  }
  if (std::ranges::find(targets, options.target) == targets.end()) {
    return fail_misuse("there is no fuzz target " + options.target + ": `ashlar fuzz` lists them");
  }
  TRY(build_fuzz_targets(options.target));
  FuzzResult result = TRY(run_fuzz_target({.target = options.target, .seconds = options.seconds}));
  if (result.findings.empty()) {
    fmt::print("fuzz_{}: nothing found\n", options.target);
    return {};
  }
  for (const fs::path& finding : result.findings) {
    fmt::print("found: {}\nagain: {}\n", finding.string(), reproduce_command(options.target, finding));
  }
  return fail(fmt::format("fuzz_{} found {} input(s) that break the parser", options.target, result.findings.size()));
}

}  // namespace ashlar::cli
