// The kernel's log, as far as it is about denials.
#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <string_view>

#include "prove/live/attack.h"
#include "prove/live/runner.h"
#include "sys/kernel_log.h"

namespace ashlar::live {
namespace {

bool is_about_denials(const std::string& record) {
  constexpr std::array<std::string_view, 3> kKinds = {"audit: ", "Lockdown: ", "ptrace "};
  return std::ranges::any_of(kKinds, [&](std::string_view kind) { return record.starts_with(kind); });
}

// Each once, as the host counts them.
void say_all(std::string_view what, const std::vector<std::string>& texts) {
  std::set<std::string> said;
  for (const std::string& text : texts) {
    if (said.insert(text).second) say(std::string(what) + ": " + text);
  }
  say_end(said.size());
}

}  // namespace

int print_records() {
  Result<std::vector<std::string>> records = read_kernel_log();
  if (!records) return 1;
  std::erase_if(*records, [](const std::string& record) { return !is_about_denials(record); });
  say_all("record", *records);
  return 0;
}

int print_denials() {
  Ran ran = run({.path = "/usr/bin/ashlarctl", .arguments = {"denials"}});
  std::vector<std::string> sentences;
  std::istringstream lines(ran.said);
  for (std::string line; std::getline(lines, line);) sentences.push_back(line);
  say_all("sentence", sentences);
  return ran.exited_with(0) ? 0 : 1;
}

}  // namespace ashlar::live
