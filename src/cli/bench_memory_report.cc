#include "cli/bench_memory_report.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

namespace ashlar::cli {
namespace {

// The first number in a text.
std::optional<std::uint64_t> number_in(std::string_view text) {
  const std::size_t at = text.find_first_of("0123456789");
  std::uint64_t number = 0;
  if (at == text.npos || std::from_chars(text.data() + at, text.data() + text.size(), number).ec != std::errc()) {
    return std::nullopt;
  }
  return number;
}

// "/proc/12/status:Name:\tsway", as grep writes it.
struct ProcessLine {
  unsigned process;
  std::string_view key;
  std::string_view value;
};
std::optional<ProcessLine> process_line(std::string_view line) {
  constexpr std::string_view kProc = "/proc/";
  if (!line.starts_with(kProc)) return std::nullopt;
  std::optional<std::uint64_t> process = number_in(line.substr(kProc.size()));
  const std::size_t file_ends = line.find(':');
  if (!process || file_ends == line.npos) return std::nullopt;
  line.remove_prefix(file_ends + 1);
  const std::size_t key_ends = line.find(':');
  if (key_ends == line.npos) return std::nullopt;
  std::string_view value = line.substr(key_ends + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  return ProcessLine{static_cast<unsigned>(*process), line.substr(0, key_ends), value};
}

}  // namespace

std::string memory_commands(const std::string& file) {
  return "cat /proc/meminfo >" + file + "; grep -H -E '^(Name|Uid|VmRSS|RssAnon):' /proc/[0-9]*/status >>" + file +
         " 2>/dev/null";
}

Result<MemoryReport> parse_memory_report(std::string_view text) {
  std::map<std::string, std::uint64_t, std::less<>> totals;
  std::map<unsigned, ProcessMemory> processes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (std::optional<ProcessLine> told = process_line(line)) {
      ProcessMemory& process = processes[told->process];
      process.process = told->process;
      const std::uint64_t number = number_in(told->value).value_or(0);
      if (told->key == "Name") process.name = told->value;
      if (told->key == "Uid") process.user = static_cast<unsigned>(number);
      if (told->key == "VmRSS") process.resident_kib = number;
      if (told->key == "RssAnon") process.own_kib = number;
    } else if (std::size_t colon = line.find(':'); colon != line.npos) {
      if (std::optional<std::uint64_t> number = number_in(line.substr(colon)))
        totals[std::string(line.substr(0, colon))] = *number;
    }
  }
  MemoryReport report;
  std::uint64_t stacks = 0;
  std::uint64_t tables = 0;
  const std::pair<const char*, std::uint64_t*> wanted[] = {
      {"MemTotal", &report.total},      {"MemAvailable", &report.available},
      {"Shmem", &report.shared},        {"SUnreclaim", &report.slab_kept},
      {"AnonPages", &report.anonymous}, {"KernelStack", &stacks},
      {"PageTables", &tables}};
  for (const auto& [name, value] : wanted) {
    auto found = totals.find(name);
    if (found == totals.end()) return fail(std::string("/proc/meminfo: there is no ") + name);
    *value = found->second;
  }
  report.stacks_and_tables = stacks + tables;
  for (auto& [number, process] : processes) {
    if (process.resident_kib != 0) report.processes.push_back(std::move(process));
  }
  std::ranges::sort(report.processes, std::ranges::greater(), &ProcessMemory::resident_kib);
  return report;
}

}  // namespace ashlar::cli
