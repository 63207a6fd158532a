#include "cli/suites.h"

#include <gtest/gtest.h>

#include "cli/soak_row.h"

namespace ashlar::cli {
namespace {

constexpr std::string_view kBudget = R"(
[step.compile]
minutes = 4
[suite.unit]
minutes = 2
quick = true
[suite.boot]
minutes = 8
images = true
quick_tests = ["Boot.Core"]
)";

constexpr std::string_view kList = R"({"tests": [
  {"name": "Hex.RoundTrips", "properties": [{"name": "LABELS", "value": ["unit"]}]},
  {"name": "Boot.Core", "properties": [{"name": "LABELS", "value": ["boot"]}, {"name": "TIMEOUT", "value": 900.0}]},
  {"name": "Boot.Desktop", "properties": [{"name": "LABELS", "value": ["boot"]}]},
  {"name": "Guid.Stores", "properties": [{"name": "LABELS", "value": ["unit"]}]},
  {"name": "plain"}]})";

constexpr std::string_view kOutput = R"(100% of what was said before
  3/4 Test  #3: Boot.Desktop ....   Passed   12.00 sec

75% tests passed, 1 tests failed out of 4

Label Time Summary:
boot    = 540.00 sec*proc (2 tests)
unit    =   0.60 sec*proc (2 tests)

Total Test time (real) =  12.62 sec
)";

TEST(Budget, IsReadStrictly) {
  Budget budget = parse_budget(kBudget, "budget").value();
  ASSERT_EQ(budget.suites.size(), 2U);
  EXPECT_EQ(budget.find("unit")->quick, Suite::Quick::kWhole);
  EXPECT_EQ(budget.find("boot")->images, Suite::Images::kBuilt);
  EXPECT_EQ(budget.find("boot")->minutes, 8);
  EXPECT_EQ(budget.find("none"), nullptr);
  EXPECT_FALSE(parse_budget("[suite.unit]\nminutes = 1\nseconds = 2\n", "budget"));
  EXPECT_FALSE(parse_budget("[suite.unit]\n", "budget"));
}

TEST(Quick, IsWholeSuitesAndNamedTests) {
  Budget budget = parse_budget(kBudget, "budget").value();
  EXPECT_EQ(quick_selection(budget, kList).value(), "0,0,0,1,2,4");
  budget.suites.front().quick_tests = {"Boot.Gone"};
  EXPECT_EQ(quick_selection(budget, kList).error().message(),
            "tests/budget.toml names a test that does not exist: Boot.Gone");
  EXPECT_FALSE(quick_selection(budget, "no list"));
}

TEST(Summary, IsWhatCtestSaysAtItsEnd) {
  TestSummary summary = parse_summary(kOutput).value();
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(summary.total, 4U);
  ASSERT_EQ(summary.suites.size(), 2U);
  EXPECT_EQ(summary.suites["boot"].minutes, 9);
  EXPECT_EQ(summary.suites["unit"].tests, 2U);
  EXPECT_FALSE(parse_summary("Test project\nNo tests were found!!!\n"));
}

TEST(BudgetReport, NamesWhatTookTooLong) {
  Budget budget = parse_budget(kBudget, "budget").value();
  TestSummary summary = parse_summary(kOutput).value();
  BudgetReport report = compare_with_budget(budget, {{"compile", 3.5}}, summary);
  EXPECT_EQ(report.warnings, std::vector<std::string>{"boot took 9.0 minutes, its budget is 8"});
  EXPECT_NE(report.table.find("compile                 3.5        4\n"), std::string::npos) << report.table;
  EXPECT_NE(report.table.find("boot            2       9.0        8\n"), std::string::npos) << report.table;
  summary.suites["desktop"] = {};
  EXPECT_EQ(compare_with_budget(budget, {}, summary).warnings.back(), "desktop has no budget in tests/budget.toml");
}

TEST(SoakRow, GoesBehindTheLastOne) {
  std::string first = add_soak_row("# Measurements\n\ntext\n", "| a |");
  EXPECT_TRUE(first.starts_with("# Measurements\n\ntext\n\n## Soak runs\n")) << first;
  EXPECT_TRUE(first.ends_with("\n| a |\n")) << first;
  std::string second = add_soak_row(first + "\n## Other\n\n| x |\n", "| b |");
  EXPECT_NE(second.find("\n| a |\n| b |\n\n## Other\n\n| x |\n"), std::string::npos) << second;
}

}  // namespace
}  // namespace ashlar::cli
