// `ashlar test`: compiles the tests, builds the images they boot, and hands over to ctest; then says what each suite
// took beside its budget. The output ends in "N passed, N failed". What a person may want to look at afterwards (serial
// logs, screenshots, disks) stays in build/tests/work/results.
#include <fmt/format.h>

#include <chrono>

#include "base/log.h"
#include "base/subprocess.h"
#include "cli/commands.h"
#include "cli/image_choice.h"
#include "cli/soak.h"
#include "cli/suites.h"
#include "cli/test_images.h"
#include "cli/test_tree.h"
#include "image/parallel.h"

namespace ashlar::cli {
namespace {

using Tier = TestCommandOptions::Tier;

// Runs a step and notes how many minutes it took.
Status timed(std::string_view name, std::map<std::string, double>& minutes, const std::function<Status()>& work) {
  auto started = std::chrono::steady_clock::now();
  TRY(in(std::string(name) + " of the tests", work()));
  std::chrono::duration<double, std::ratio<60>> took = std::chrono::steady_clock::now() - started;
  minutes[std::string(name)] = took.count();
  return {};
}

// The suite asked for, nullptr for all of them.
Result<const Suite*> chosen_suite(const Budget& budget, const std::string& label) {
  if (label.empty()) return nullptr;
  const Suite* suite = budget.find(label);
  if (suite != nullptr) return suite;
  std::string names;
  for (const Suite& known : budget.suites) names += (names.empty() ? "" : ", ") + known.name;
  return fail_misuse("there is no suite " + label + ": choose one of " + names);
}

Result<std::vector<std::string>> ctest_arguments(const Budget& budget, Tier tier, const Suite* suite) {
  std::vector<std::string> argv = {"ctest",           "--test-dir",
                                   test_tree(),       "--output-on-failure",
                                   "--parallel",      std::to_string(image::processor_count()),
                                   "--no-tests=error"};
  if (suite != nullptr) argv.insert(argv.end(), {"--label-regex", "^" + suite->name + "$"});
  if (tier == Tier::kQuick) {
    argv.insert(argv.end(), {"--build-config", "Quick"});
    std::string list = TRY(
        run_checked({.argv = {"ctest", "--test-dir", test_tree(), "--build-config", "Quick", "--show-only=json-v1"}}));
    fs::path numbers = test_tree() / "quick-tests";
    TRY(write_file(numbers, as_bytes(TRY(quick_selection(budget, list)) + "\n")));
    argv.insert(argv.end(), {"--tests-information", numbers});
  }
  return argv;
}

}  // namespace

Status test_command(const TestCommandOptions& options) {
  if (options.tier == Tier::kSoak) return soak({.seed = options.seed, .mirror = options.mirror});
  fs::path budget_file = source_directory() / "tests/budget.toml";
  Budget budget = TRY(parse_budget(TRY(read_text(budget_file)), budget_file.string()));
  const Suite* suite = TRY(chosen_suite(budget, options.label));

  std::map<std::string, double> minutes;
  TRY(timed("compile", minutes, compile_tests));
  TestImages images = {.work = test_work(), .mirror = given(options.mirror)};
  if (options.tier == Tier::kQuick) images.which = TestImages::Which::kCore;
  if (suite == nullptr || suite->images == Suite::Images::kBuilt) {
    TRY(timed("images", minutes, [&] { return prepare_test_images(images); }));
  }

  CommandOutput ctest =
      TRY(ashlar::run({.argv = TRY(ctest_arguments(budget, options.tier, suite)), .on_line = [](std::string_view line) {
                         fmt::print("{}\n", line);
                         std::fflush(stdout);
                       }}));
  std::optional<TestSummary> summary = parse_summary(ctest.out);
  if (!summary) return fail("ctest ended with status " + std::to_string(ctest.exit_status) + " before its summary");
  BudgetReport report = compare_with_budget(budget, minutes, *summary);
  TRY(print("\n" + report.table));
  for (const std::string& warning : report.warnings) log::warn(warning);
  TRY(print(fmt::format("{} passed, {} failed\n", summary->total - summary->failed, summary->failed)));
  if (ctest.exit_status == 0) return {};
  return fail("tests failed; serial logs, screenshots and disks are in " + (images.work / "results").string());
}

}  // namespace ashlar::cli
