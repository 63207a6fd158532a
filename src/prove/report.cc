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

std::string as_table(const Proof& proof) {
  std::string table = fmt::format("{:24} {:20} {:7} {}\n", "case", "denied by", "result", "what was seen");
  for (const CaseReport& each : proof.cases) {
    std::string seen = each.held() ? each.evidence : each.problem;
    if (seen.empty()) seen = each.offline;
    std::ranges::replace(seen, '\n', ' ');
    table += fmt::format("{:24} {:20} {:7} {}\n", each.id, each.denied_by, each.held() ? "held" : "BROKEN",
                         shortened(seen, kWidest));
  }
  return table + fmt::format("{} cases, {} held, {} broken\n", proof.cases.size(), proof.cases.size() - proof.broken(),
                             proof.broken());
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
                            {"result", each.held() ? "held" : "broken"},
                            {"problem", each.problem},
                            {"milliseconds", each.took.count()}});
  }
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace ashlar::prove
