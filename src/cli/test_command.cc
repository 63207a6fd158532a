// `ashlar test`: compiles the tests, builds the images they boot, and hands over to ctest, whose summary ends the
// output. What a person may want to look at afterwards (serial logs, screenshots) stays in build/tests/work/results.
#include <fmt/format.h>

#include <cstdlib>

#include "base/log.h"
#include "base/subprocess.h"
#include "cli/commands.h"
#include "cli/image_choice.h"
#include "image/cache.h"
#include "image/fetch.h"
#include "image/parallel.h"
#include "image/resolve.h"

namespace ashlar::cli {
namespace {

using namespace image;

struct TestRun {
  fs::path build;  // the CMake tree of the tests
  fs::path work;   // what they work on
  std::optional<std::string> mirror;
};

Status compile_tests(const TestRun& run) {
  log::Progress progress("compile the tests", 0);
  TRY(run_checked({.argv = {"cmake", "-S", source_directory(), "-B", run.build, "-G", "Ninja",
                            "-DCMAKE_BUILD_TYPE=Debug", "-DASHLAR_SANITIZE=ON"}}));
  TRY(run_checked({.argv = {"cmake", "--build", run.build}, .on_line = [&](std::string_view) { progress.advance(); }}));
  return {};
}

// The lock to test with: the repository's, or, when the archive no longer serves what that names, one made anew.
Result<fs::path> usable_lock(const TestRun& run) {
  fs::path committed = source_directory() / kLockFile;
  Lock lock = TRY(read_lock(committed));
  Cache cache = TRY(Cache::open_default());
  Mirror mirror = TRY(find_mirror(run.mirror));
  Result<std::vector<fs::path>> fetched = fetch(lock, {"core", "desktop", "workshop", "oracles", "kernel-source"},
                                                {.mirror = mirror, .cache = cache.root()});
  if (fetched) return committed;
  if (!gone_from_mirror(fetched.error())) return std::unexpected(std::move(fetched).error());

  log::warn(fetched.error().message());
  log::warn("the tests go on with a lock made now; it differs from os/packages.lock in:");
  fs::path fresh = run.work / "packages.lock";
  TRY(write_file(fresh, TRY(read_file(committed))));
  MadeLock made = TRY(make_lock({.profiles = source_directory() / "os/profiles",
                                 .lock_file = fresh,
                                 .resolve = {.mirror = mirror, .cache = cache.root()}}));
  for (const std::string& change : made.changes) log::warn("  " + change);
  return fresh;
}

BuildOptions image_options(const TestRun& run, const fs::path& lock, const std::string& profile, Variant variant) {
  return {.source = source_directory(),
          .lock = lock,
          .output = run.work / "images",
          .profile = profile,
          .variant = variant,
          .keys = run.work / "keys" / name_of(variant),
          .mirror = run.mirror};
}

// Keys, images and tools, as the suites expect them in the work directory; their places go into the environment.
Status prepare(const TestRun& run) {
  std::error_code error;
  fs::create_directories(run.work, error);
  if (error) return fail_errno("create " + run.work.string(), error.value());
  for (Variant variant : {Variant::kDev, Variant::kRelease}) {
    fs::path keys = run.work / "keys" / name_of(variant);
    if (!fs::exists(keys)) TRY(create_key_set(keys, variant));
  }
  fs::path lock = TRY(usable_lock(run));
  BuildOptions core = image_options(run, lock, "core", Variant::kDev);
  fs::path oracles = TRY(open_tools(core, "oracles")).root();
  TRY(build_image(core));
  TRY(build_image(image_options(run, lock, "core", Variant::kRelease)));
  TRY(build_image(image_options(run, lock, "desktop", Variant::kDev)));
  ::setenv("ASHLAR_TEST_WORK", run.work.c_str(), 1);
  ::setenv("ASHLAR_TEST_LOCK", lock.c_str(), 1);
  ::setenv("ASHLAR_WORKSHOP", oracles.c_str(), 1);
  return {};
}

}  // namespace

Status test_command(const TestCommandOptions& options) {
  TestRun run = {.build = source_directory() / "build/tests",
                 .work = source_directory() / "build/tests/work",
                 .mirror = given(options.mirror)};
  TRY(in("compile the tests", compile_tests(run)));
  bool needs_images =
      options.label.empty() || options.label == "boot" || options.label == "cli" || options.label == "oracle";
  if (needs_images) TRY(in("prepare the tests", prepare(run)));

  std::vector<std::string> argv = {"ctest",
                                   "--test-dir",
                                   run.build,
                                   "--output-on-failure",
                                   "--no-tests=error",
                                   "--parallel",
                                   std::to_string(processor_count())};
  if (!options.label.empty()) argv.insert(argv.end(), {"--label-regex", "^" + options.label + "$"});
  CommandOutput ctest = TRY(ashlar::run({.argv = argv, .interactive = true}));
  if (ctest.exit_status != 0)
    return fail("tests failed; logs and screenshots are in " + (run.work / "results").string());
  return {};
}

}  // namespace ashlar::cli
