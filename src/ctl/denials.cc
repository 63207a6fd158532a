#include "ctl/denials.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace ashlar::ctl {
namespace {

constexpr std::uint64_t kLongestGroup = 4096;  // bytes of /proc/PID/cgroup

// Without what differs each time.
Denial kind_of(Denial denial) {
  denial.process = 0;
  return denial;
}

// "0::/session\n", or of a group below it.
std::string service_in(std::string_view group) {
  constexpr std::string_view kPrefix = "0::/";
  if (!group.starts_with(kPrefix)) return {};
  group.remove_prefix(kPrefix.size());
  return std::string(group.substr(0, group.find_first_of("/\n")));
}

std::string sentence_of(const ToldDenial& told) {
  std::string sentence = in_words(told.denial);
  if (!told.service.empty()) sentence += " Service " + told.service + ".";
  if (told.times > 1) sentence += " " + std::to_string(told.times) + " times.";
  return sentence;
}

}  // namespace

std::vector<ToldDenial> denials_in(std::span<const std::string> records) {
  std::vector<ToldDenial> told;
  for (const std::string& record : records) {
    std::optional<Denial> denial = parse_denial(record);
    if (!denial) continue;
    auto same =
        std::ranges::find_if(told, [&](const ToldDenial& each) { return kind_of(each.denial) == kind_of(*denial); });
    if (same != told.end()) {
      ++same->times;
    } else {
      told.push_back({.denial = std::move(*denial)});
    }
  }
  return told;
}

void find_services(Kernel& kernel, std::span<ToldDenial> denials) {
  for (ToldDenial& each : denials) {
    if (each.denial.process == 0) continue;
    Result<Bytes> group = kernel.read_file("/proc/" + std::to_string(each.denial.process) + "/cgroup", kLongestGroup);
    if (group) each.service = service_in(as_text(*group));
  }
}

std::string denials_text(std::span<const ToldDenial> denials) {
  if (denials.empty()) return "Nothing was denied since the machine started, as far as the kernel's log goes back.\n";
  std::string text;
  for (const ToldDenial& each : denials) text += sentence_of(each) + "\n";
  return text;
}

std::string denials_json(std::span<const ToldDenial> denials) {
  auto list = nlohmann::ordered_json::array();
  for (const ToldDenial& each : denials) {
    const Denial& denial = each.denial;
    list.push_back({{"layer", name_of(denial.layer)},
                    {"enforced", denial.enforced},
                    {"process", denial.process},
                    {"program", denial.program},
                    {"service", each.service},
                    {"domain", denial.domain},
                    {"wanted", denial.wanted},
                    {"hook", denial.hook},
                    {"object", denial.object},
                    {"object_domain", denial.object_domain},
                    {"object_class", denial.object_class},
                    {"rule", denial.rule},
                    {"times", each.times},
                    {"sentence", sentence_of(each)}});
  }
  return list.dump() + "\n";
}

}  // namespace ashlar::ctl
