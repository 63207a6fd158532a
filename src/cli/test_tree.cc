#include "cli/test_tree.h"

#include "base/log.h"
#include "base/subprocess.h"
#include "cli/image_choice.h"

namespace ashlar::cli {

fs::path test_tree() { return source_directory() / "build/tests"; }
fs::path test_work() { return test_tree() / "work"; }

Status compile_tests() {
  log::Progress progress("compile the tests", 0);
  // Of what a debugger could be told, the lines are what the sanitizers print; the rest costs an eighth of the time.
  TRY(run_checked({.argv = {"cmake", "-S", source_directory(), "-B", test_tree(), "-G", "Ninja",
                            "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-g1", "-DASHLAR_SANITIZE=ON"}}));
  TRY(run_checked(
      {.argv = {"cmake", "--build", test_tree()}, .on_line = [&](std::string_view) { progress.advance(); }}));
  return {};
}

}  // namespace ashlar::cli
