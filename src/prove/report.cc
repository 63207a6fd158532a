#include "prove/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace ashlar::prove {
namespace {

constexpr std::size_t kWidest = 96;  // of the evidence in the table

std::string shortened(const std::string& text, std::size_t width) {
  if (text.size() <= width) return text;
  return text.substr(0, width - 3) + "...";
}

}  // namespace

std::size_t Proof::broken() const {
  return static_cast<std::size_t>(std::ranges::count_if(cases, [](const CaseReport& each) { return !each.held(); }));
}

std::string_view result_of(const CaseReport& report) {
  if (report.held()) return "held";
  switch (report.verdict) {
    case Verdict::broken:
      return "broken";
    case Verdict::hole:
      return "hole";
    case Verdict::other_layer:
      return "other layer";
  }
  return {};
}

std::string Proof::summary() const {
  auto count = [&](std::string_view result) {
    return std::ranges::count_if(cases, [&](const CaseReport& each) { return result_of(each) == result; });
  };
  std::string text = fmt::format("{} cases, {} held, {} broken", cases.size(), count("held"), count("broken"));
  if (live) text += fmt::format(", {} holes, {} denied by another layer", count("hole"), count("other layer"));
  return text;
}

std::string as_table(const Proof& proof) {
  std::string table = fmt::format("{:24} {:20} {:11} {}\n", "case", "denied by", "result", "what was seen");
  for (const CaseReport& each : proof.cases) {
    std::string seen = each.held() ? each.evidence : each.problem;
    if (seen.empty()) seen = each.offline;
    std::ranges::replace(seen, '\n', ' ');
    std::string result(result_of(each));
    if (!each.held()) std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::toupper(c); });
    table += fmt::format("{:24} {:20} {:11} {}\n", each.id, each.denied_by, result, shortened(seen, kWidest));
  }
  return table + proof.summary() + "\n";
}

std::string as_json(const Proof& proof) {
  nlohmann::ordered_json out = {{"image", proof.image.string()},
                                {"root_hash", proof.root_hash},
                                {"seed", proof.seed},
                                {"held", proof.cases.size() - proof.broken()},
                                {"broken", proof.broken()},
                                {"cases", nlohmann::ordered_json::array()}};
  for (const CaseReport& each : proof.cases) {
    out["cases"].push_back({{"id", each.id},
                            {"attack", each.attack},
                            {"denied_by", each.denied_by},
                            {"expected", each.expected},
                            {"evidence", each.evidence},
                            {"offline", each.offline},
                            {"control", each.control},
                            {"result", result_of(each)},
                            {"problem", each.problem},
                            {"milliseconds", each.took.count()}});
  }
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace ashlar::prove
