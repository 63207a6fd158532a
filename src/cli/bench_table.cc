#include "cli/bench_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace ashlar::cli {

void row(std::string_view what, std::string_view ours, std::string_view target, std::string_view peer) {
  fmt::print("{:42} {:>26} {:>8}   {}\n", what, ours, target, peer);
  std::fflush(stdout);
}

std::string in_seconds(double value) { return fmt::format("{:.2f} s", value); }

double median(std::vector<double> values) { return spread_of(std::move(values)).middle; }

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  return {values.front(), values[values.size() / 2], values.back()};
}

std::string in_words(const Spread& spread, std::string_view unit) {
  return fmt::format("{:.2f} {} ({:.2f} to {:.2f})", spread.middle, unit, spread.least, spread.most);
}

}  // namespace ashlar::cli
