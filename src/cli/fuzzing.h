// The fuzz targets of tests/fuzz: compiled with clang, run with their corpus.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"

namespace ashlar::cli {

// Their names, sorted: "cpio" for tests/fuzz/cpio_fuzz.cc.
Result<std::vector<std::string>> fuzz_targets();

// Compiles "fuzz_<target>", or all of them when `target` is empty.
Status build_fuzz_targets(const std::string& target);

struct FuzzRun {
  std::string target;
  unsigned seconds = 0;  // 0: until something is found or the user ends it
  unsigned seed = 0;     // 0: libFuzzer's choice
  enum class Output { kTerminal, kQuiet };
  Output output = Output::kTerminal;
};
struct FuzzResult {
  std::vector<fs::path> findings;  // inputs that crash, leak, hang or take too much memory
  std::string executions;          // as libFuzzer counts them; empty with Output::kTerminal
};
// Runs a target that was built. Inputs that reach new code are kept in the build tree for the next run; findings are
// put into build/fuzz/findings/<target>. An error when the target ended badly without leaving an input behind.
Result<FuzzResult> run_fuzz_target(const FuzzRun& run);

// The command that shows a finding again.
std::string reproduce_command(const std::string& target, const fs::path& finding);

}  // namespace ashlar::cli
