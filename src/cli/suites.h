// The suites of the tests (labels of ctest's), how long each may take, and what ctest says of a run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace ashlar::cli {

struct Suite {
  std::string name;
  double minutes = 0;  // its budget
  enum class Images { kNone, kBuilt };
  Images images = Images::kNone;  // whether it works on the images that `test` builds
  enum class Quick { kSomeTests, kWhole };
  Quick quick = Quick::kSomeTests;
  std::vector<std::string> quick_tests;  // of the quick tier, when the suite as a whole is not
};

// tests/budget.toml.
struct Budget {
  std::vector<Suite> suites;            // in name order
  std::map<std::string, double> steps;  // minutes for what comes before the tests

  [[nodiscard]] const Suite* find(std::string_view suite) const;
};
Result<Budget> parse_budget(std::string_view text, std::string_view file);

// The tests of the quick tier, as the argument of `ctest --tests-information`: their numbers in the list that
// `ctest --show-only=json-v1` printed. An error when a test the budget names is not in the list.
Result<std::string> quick_selection(const Budget& budget, std::string_view ctest_list);

// What ctest printed at the end of a run.
struct TestSummary {
  struct SuiteTime {
    double minutes = 0;
    unsigned tests = 0;
  };
  unsigned failed = 0;
  unsigned total = 0;
  std::map<std::string, SuiteTime> suites;
};
// nullopt when the text has no summary: ctest did not get to its end.
std::optional<TestSummary> parse_summary(std::string_view ctest_output);

// A table of what each step and suite took beside its budget, and a line for each that took longer.
struct BudgetReport {
  std::string table;
  std::vector<std::string> warnings;
};
BudgetReport compare_with_budget(const Budget& budget, const std::map<std::string, double>& step_minutes,
                                 const TestSummary& summary);

}  // namespace ashlar::cli
