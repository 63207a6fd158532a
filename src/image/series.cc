#include "image/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ashlar::image {
namespace {

constexpr std::string_view kPatchSuffix = ".patch";
constexpr std::size_t kHashDigits = 64;

// Components of letters, digits and "+-._", none of which begins with a dot.
bool is_path_below(std::string_view text) {
  auto known = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("+-._").contains(c);
  };
  for (;;) {
    std::size_t slash = text.find('/');
    std::string_view part = text.substr(0, slash);
    if (part.empty() || part.front() == '.' || !std::ranges::all_of(part, known)) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

Result<SeriesEntry> parse_line(std::string_view line) {
  constexpr std::string_view kBetween = "  ";
  Result<Sha256Digest> hash = parse_sha256(line.substr(0, kHashDigits));
  if (!hash || line.size() < kHashDigits || line.substr(kHashDigits, kBetween.size()) != kBetween) {
    return fail_misuse("a line is a SHA-256, two spaces and a path");
  }
  std::string_view path = line.substr(kHashDigits + kBetween.size());
  if (!is_path_below(path) || !path.ends_with(kPatchSuffix)) {
    return fail_misuse(fmt::format("'{}' is not the path of a .patch below this directory", path));
  }
  return SeriesEntry{std::string(path), *hash};
}

}  // namespace

Result<std::vector<SeriesEntry>> parse_series(std::string_view text) {
  std::vector<SeriesEntry> entries;
  std::set<std::string> seen;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::string where = fmt::format("line {}", number);
    SeriesEntry entry = TRY(in(where, parse_line(line)));
    if (!seen.insert(entry.path).second) return fail_misuse(where + ": '" + entry.path + "' is there twice");
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace ashlar::image
