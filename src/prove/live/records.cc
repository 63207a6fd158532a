// The kernel's log, as far as it is about denials.
#include <algorithm>
#include <array>
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

}  // namespace

int print_records() {
  Result<std::vector<std::string>> records = read_kernel_log();
  if (!records) return 1;
  for (const std::string& record : *records) {
    if (is_about_denials(record)) say("record: " + record);
  }
  say_end();
  return 0;
}

int let_records_through() { return put_value("/proc/sys/kernel/printk_ratelimit", "0") == 0 ? 0 : 1; }

}  // namespace ashlar::live
