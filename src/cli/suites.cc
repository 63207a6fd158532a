#include "cli/suites.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <set>

#include "image/toml.h"

namespace ashlar::cli {
namespace {

using image::TomlTable;

Result<Suite> parse_suite(const std::string& name, TomlTable& table) {
  Suite suite{.name = name, .minutes = static_cast<double>(table.integer("minutes"))};
  if (table.boolean_or("images", false)) suite.images = Suite::Images::kBuilt;
  if (table.boolean_or("quick", false)) suite.quick = Suite::Quick::kWhole;
  suite.quick_tests = table.list_or_empty("quick_tests");
  TRY(table.finish());
  return suite;
}

std::vector<std::string> labels_of(const nlohmann::json& test) {
  for (const auto& property : test.value("properties", nlohmann::json::array())) {
    if (property.value("name", "") == "LABELS") return property["value"].get<std::vector<std::string>>();
  }
  return {};
}

// Calls on_line for each line of a text.
template <typename OnLine>
void each_line(std::string_view text, const OnLine& on_line) {
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    on_line(std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

const Suite* Budget::find(std::string_view suite) const {
  auto found = std::ranges::find(suites, suite, &Suite::name);
  return found == suites.end() ? nullptr : &*found;
}

Result<Budget> parse_budget(std::string_view text, std::string_view file) {
  TomlTable document = TRY(TomlTable::parse(text, file));
  Budget budget;
  for (auto& [name, table] : document.named_tables("suite")) budget.suites.push_back(TRY(parse_suite(name, table)));
  for (auto& [name, table] : document.named_tables("step")) {
    budget.steps[name] = static_cast<double>(table.integer("minutes"));
    TRY(table.finish());
  }
  TRY(document.finish());
  return budget;
}

Result<std::string> quick_selection(const Budget& budget, std::string_view ctest_list) {
  nlohmann::json list = nlohmann::json::parse(ctest_list, nullptr, false);
  if (!list.is_object() || !list.contains("tests")) return fail("ctest gave no list of tests");
  std::set<std::string> wanted;
  for (const Suite& suite : budget.suites) wanted.insert(suite.quick_tests.begin(), suite.quick_tests.end());
  std::string numbers = "0,0,0";  // no range, then single numbers
  std::size_t number = 0;
  for (const auto& test : list["tests"]) {
    ++number;
    bool chosen = wanted.erase(test.value("name", "")) > 0;
    for (const std::string& label : labels_of(test)) {
      const Suite* suite = budget.find(label);
      chosen |= suite != nullptr && suite->quick == Suite::Quick::kWhole;
    }
    if (chosen) numbers += "," + std::to_string(number);
  }
  if (!wanted.empty()) return fail("tests/budget.toml names a test that does not exist: " + *wanted.begin());
  return numbers;
}

std::optional<TestSummary> parse_summary(std::string_view ctest_output) {
  std::optional<TestSummary> summary;
  each_line(ctest_output, [&](const std::string& line) {
    unsigned percent = 0;
    unsigned failed = 0;
    unsigned total = 0;
    if (std::sscanf(line.c_str(), "%u%% tests passed, %u tests failed out of %u", &percent, &failed, &total) == 3) {
      summary = TestSummary{.failed = failed, .total = total};
    }
    char label[64];
    double seconds = 0;
    unsigned tests = 0;
    if (summary && std::sscanf(line.c_str(), "%63s = %lf sec*proc (%u test", label, &seconds, &tests) == 3) {
      summary->suites[label] = {.minutes = seconds / 60, .tests = tests};
    }
  });
  return summary;
}

BudgetReport compare_with_budget(const Budget& budget, const std::map<std::string, double>& step_minutes,
                                 const TestSummary& summary) {
  BudgetReport report;
  report.table = fmt::format("{:10} {:>6} {:>9} {:>8}\n", "", "tests", "minutes", "budget");
  auto row = [&](const std::string& name, const std::string& tests, double minutes, std::optional<double> allowed) {
    report.table += fmt::format("{:10} {:>6} {:>9.1f} {:>8}\n", name, tests, minutes,
                                allowed ? fmt::format("{:.0f}", *allowed) : "none");
    if (!allowed) report.warnings.push_back(name + " has no budget in tests/budget.toml");
    if (allowed && minutes > *allowed) {
      report.warnings.push_back(fmt::format("{} took {:.1f} minutes, its budget is {:.0f}", name, minutes, *allowed));
    }
  };
  for (const auto& [step, minutes] : step_minutes) {
    auto allowed = budget.steps.find(step);
    row(step, "", minutes, allowed == budget.steps.end() ? std::nullopt : std::optional(allowed->second));
  }
  for (const auto& [name, time] : summary.suites) {
    const Suite* suite = budget.find(name);
    row(name, std::to_string(time.tests), time.minutes,
        suite != nullptr ? std::optional(suite->minutes) : std::nullopt);
  }
  return report;
}

}  // namespace ashlar::cli
