// The table of `ashlar bench`: a row as soon as it was measured, and what several measurements of one thing come to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ashlar::cli {

void row(std::string_view what, std::string_view ours, std::string_view target, std::string_view peer);

std::string in_seconds(double value);

double median(std::vector<double> values);

struct Spread {
  double least = 0;
  double middle = 0;
  double most = 0;
};
// All zero when nothing was measured.
Spread spread_of(std::vector<double> values);
// "35.10 s (34.80 to 37.21)"; the unit stands behind the middle.
std::string in_words(const Spread& spread, std::string_view unit);

}  // namespace ashlar::cli
