#include "cli/soak.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <random>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/subprocess.h"
#include "cli/commands.h"
#include "cli/fuzzing.h"
#include "cli/image_choice.h"
#include "cli/soak_row.h"
#include "cli/test_images.h"
#include "cli/test_tree.h"
#include "image/parallel.h"

namespace ashlar::cli {
namespace {

constexpr unsigned kFuzzSeconds = 600;
constexpr unsigned kFlipsBooted = 200;
constexpr unsigned kPowerCuts = 50;
constexpr unsigned kRestarts = 100;

// What failed, and how many did not.
struct Outcome {
  unsigned passed = 0;
  std::vector<std::string> failed;
  std::uint64_t executions = 0;
};

// All targets, as many at once as there are processors.
Result<Outcome> fuzz_all(unsigned seed) {
  std::vector<std::string> targets = TRY(fuzz_targets());
  TRY(build_fuzz_targets(""));
  Outcome outcome;
  std::mutex mutex;
  log::Progress progress(fmt::format("fuzz {} targets, {} s each", targets.size(), kFuzzSeconds), targets.size());
  TRY(image::parallel_for(targets.size(), [&](std::size_t i) -> Status {
    Result<FuzzResult> result = run_fuzz_target(
        {.target = targets[i], .seconds = kFuzzSeconds, .seed = seed, .output = FuzzRun::Output::kQuiet});
    TRY(check_interrupted());
    std::lock_guard lock(mutex);
    progress.advance();
    if (result && result->findings.empty()) {
      ++outcome.passed;
      outcome.executions += std::strtoull(result->executions.c_str(), nullptr, 10);
      return {};
    }
    outcome.failed.push_back("fuzz_" + targets[i]);
    if (!result) log::error(result.error());
    for (std::size_t finding = 0; result && finding < result->findings.size(); ++finding) {
      log::warn("found, again with: " + reproduce_command(targets[i], result->findings[finding]));
    }
    return {};
  }));
  return outcome;
}

// From outside, and from inside the running system.
Status attack_all(const ImageChoice& image, unsigned seed) {
  TRY(prove_command({.choice = image, .seed = seed, .flips_booted = kFlipsBooted}));
  return prove_command({.choice = {.mirror = image.mirror}, .live = true});
}

// tests/data/power_cut_test.cc, at other moments and more of them, on the image that people use.
Status cut_power_often(const SoakOptions& options, unsigned seed) {
  TRY(compile_tests());
  TRY(prepare_test_images({.work = test_work(), .mirror = given(options.mirror)}));
  ::setenv("ASHLAR_DATA_PROFILE", "desktop", 1);
  ::setenv("ASHLAR_POWER_CUTS", std::to_string(kPowerCuts).c_str(), 1);
  ::setenv("ASHLAR_SEED", std::to_string(seed).c_str(), 1);
  // Found anew for that many: the tests are listed when ctest starts.
  TRY(in("power cuts",
         run_checked({.argv = {"ctest", "--test-dir", test_tree(), "--tests-regex", "PowerCut", "--parallel",
                               std::to_string(image::processor_count()), "--no-tests=error", "--output-on-failure"}})));
  return {};
}

// The static analyzer over what `./ashlar test` spares it (tests/lint/lint.sh).
Status analyze() {
  TRY(compile_tests());
  TRY(in("static analysis",
         run_checked({.argv = {"tests/lint/lint.sh", "analyze", test_tree()}, .directory = source_directory()})));
  return {};
}

// tests/boot/desktop_test.cc, with more starts, and what of tests/boot takes too long for every run.
Status drive_desktop() {
  ::setenv("ASHLAR_RESTARTS", std::to_string(kRestarts).c_str(), 1);
  // Not by ctest, whose limit for a test is far below what so many take.
  Result<std::string> said = run_checked(
      {.argv = {test_tree() / "tests/boot/system_test", "--gtest_filter=Desktop.Services*:Desktop.Sounds*:Browser.*"}});
  if (!said) return std::unexpected(std::move(said).error().in("desktop"));
  said = run_checked({.argv = {test_tree() / "tests/data/data_machine_test", "--gtest_filter=Session.*FullDisk*"}});
  if (!said) return std::unexpected(std::move(said).error().in("full disk"));
  return {};
}

// The commit the sources are at, "+" behind it when they were changed.
std::string commit() {
  auto git = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-C", source_directory()});
    Result<std::string> said = run_checked({.argv = arguments});
    return said ? *said : std::string();
  };
  std::string hash = git({"rev-parse", "--short=12", "HEAD"});
  if (hash.empty()) return "unknown";
  hash.pop_back();
  return git({"status", "--porcelain", "--untracked-files=no"}).empty() ? hash : hash + "+";
}

Status write_down(const std::string& row) {
  fs::path file = source_directory() / "docs/MEASUREMENTS.md";
  std::string text = add_soak_row(TRY(read_text(file)), row);
  return write_file(file, as_bytes(text));
}

}  // namespace

Status soak(const SoakOptions& options) {
  unsigned seed = options.seed != 0 ? options.seed : std::random_device()() % 1'000'000 + 1;
  std::string at = commit();
  log::info(fmt::format("soak run of {}, seed {}", at, seed));
  auto started = std::chrono::steady_clock::now();

  Outcome fuzz = TRY(in("fuzz", fuzz_all(seed)));
  std::string fuzzed =
      fmt::format("{} targets x {} s, {} inputs", fuzz.passed + fuzz.failed.size(), kFuzzSeconds, fuzz.executions);
  for (const std::string& name : fuzz.failed) fuzzed += ", **" + name + " failed**";

  // The columns of the row (soak_row.cc), in their order; one that fails does not keep the others from running.
  const ImageChoice core{.profile = "core", .mirror = options.mirror};
  std::string results;
  std::size_t passed = fuzz.passed;
  std::size_t failed = fuzz.failed.size();
  auto column = [&](const Status& status, std::string_view words_when_passed,
                    std::string_view words_when_failed) -> Status {
    TRY(check_interrupted());
    if (!status) log::error(status.error());
    results += fmt::format(" {} |", status ? std::string(words_when_passed) : fmt::format("**{}**", words_when_failed));
    ++(status ? passed : failed);
    return {};
  };
  TRY(column(rebuild_check_command({.choice = core, .with_kernel = true}), "the same disk", "differs"));
  TRY(column(attack_all(core, seed), "all held", "broken"));
  TRY(column(cut_power_often(options, seed), "nothing lost", "broken"));
  TRY(column(drive_desktop(), "no service failed", "broken"));
  TRY(column(analyze(), "no finding", "findings"));

  std::chrono::duration<double, std::ratio<60>> took = std::chrono::steady_clock::now() - started;
  TRY(write_down(fmt::format("| {:%Y-%m-%d} | {} | {} | {} |{} {:.0f} min |", std::chrono::system_clock::now(), at,
                             seed, fuzzed, results, took.count())));
  fmt::print("{} passed, {} failed\n", passed, failed);
  if (std::fflush(stdout) != 0) return fail_errno("write to standard output");
  if (failed != 0) return fail("the soak run failed");
  return {};
}

}  // namespace ashlar::cli
