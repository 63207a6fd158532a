#include "cli/soak_row.h"

namespace ashlar::cli {
namespace {

constexpr std::string_view kSection =
    "## Soak runs\n"
    "\n"
    "Written by `./ashlar test --soak`.\n"
    "\n"
    "| date | commit | seed | fuzz | rebuild-check --with-kernel | prove, 200 flips | 50 power cuts | "
    "desktop, 100 restarts | "
    "static analyzer | took |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n";

}  // namespace

std::string add_soak_row(std::string_view document, std::string_view row) {
  std::string out(document);
  std::size_t section = out.find("## Soak runs\n");
  if (section == std::string::npos) {
    if (!out.empty() && !out.ends_with('\n')) out += '\n';
    section = out.size() + 1;
    out += "\n" + std::string(kSection);
  }
  std::size_t end = out.find("\n## ", section);
  std::size_t last_row = out.rfind("\n|", end);
  std::size_t line_end = out.find('\n', last_row + 1);
  if (line_end == std::string::npos) line_end = out.size();
  out.insert(line_end, "\n" + std::string(row));
  return out;
}

}  // namespace ashlar::cli
