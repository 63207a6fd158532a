#include "cli/bench_layers_report.h"

#include <algorithm>
#include <regex>

namespace ashlar::cli {

Result<LoopTimes> parse_loop_times(std::string_view text) {
  static const std::regex kLine("cost: ([a-z-]+) in ([a-z]+): (?:([1-9][0-9]{0,17}) ([0-9]{1,18})|(.*))");
  LoopTimes times;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    std::smatch found;
    if (!std::regex_match(line, found, kLine)) return fail("not a time: " + line);
    if (!found[3].matched) return fail(line);
    times[{found[2], found[1]}] = std::stod(found[4]) / std::stod(found[3]) / 1000;
  }
  if (times.empty()) return fail("no times were told");
  return times;
}

}  // namespace ashlar::cli
