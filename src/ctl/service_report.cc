#include "ctl/service_report.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

#include "ctl/durations.h"

namespace ashlar::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kLongestCount = 4096;  // bytes, of a file

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

// The number behind `key`, at the beginning of a line, in a file of the kernel's.
std::optional<std::uint64_t> read_number(Kernel& kernel, const std::string& path, std::string_view key) {
  Result<Bytes> content = kernel.read_file(path, kLongestCount);
  if (!content) return std::nullopt;
  std::string_view text = as_text(*content);
  return text.starts_with(key) ? number(text.substr(key.size())) : std::nullopt;
}

std::string in_mebibytes(std::uint64_t bytes) {
  const std::uint64_t tenths = bytes * 10 / (1 << 20);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

// What it says, or why it is as it is.
std::string_view remark_of(const ServiceReport& service) {
  const bool fine = service.state == ServiceState::running || service.state == ServiceState::finished;
  return !fine && !service.why.empty() ? service.why : service.status;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}
std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}
Json or_null(const std::optional<BootTime>& time) { return time ? Json(time->count()) : Json(); }
Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json json_of(const ServiceReport& service) {
  return {{"name", service.name},
          {"kind", name_of(service.kind)},
          {"state", name_of(service.state)},
          {"since_ms", service.since.count()},
          {"process", or_null(service.process)},
          {"restarts", service.restarts},
          {"started_ms", or_null(service.started)},
          {"ready_ms", or_null(service.ready)},
          {"why", or_null(service.why)},
          {"status", or_null(service.status)}};
}

}  // namespace

Usage usage_of(Kernel& kernel, const std::string& service) {
  const std::string group = "/sys/fs/cgroup/" + service + "/";
  return {.memory = read_number(kernel, group + "memory.current", ""),
          .processes = read_number(kernel, group + "pids.current", ""),
          .cpu_time = read_number(kernel, group + "cpu.stat", "usage_usec ")};
}

std::string list_text(const Report& report) {
  std::size_t widest = std::string_view("SERVICE").size();
  for (const ServiceReport& service : report.services) widest = std::max(widest, service.name.size());
  std::string text = padded("SERVICE", widest) + "  STATE     FOR           PROCESS  RESTARTS\n";
  for (const ServiceReport& service : report.services) {
    std::string line = padded(service.name, widest) + "  " + padded(std::string(name_of(service.state)), 8) + "  " +
                       padded(duration_text(report.now - service.since), 12) + "  " +
                       right(service.process ? std::to_string(*service.process) : "-", 7) + "  " +
                       right(std::to_string(service.restarts), 8);
    if (!remark_of(service).empty()) line += "  " + std::string(remark_of(service));
    text += line + "\n";
  }
  const auto failed = std::ranges::count(report.services, ServiceState::failed, &ServiceReport::state);
  return text + std::to_string(report.services.size()) + " services, " + std::to_string(failed) + " failed\n";
}

std::string list_json(const Report& report) {
  Json services = Json::array();
  for (const ServiceReport& service : report.services) services.push_back(json_of(service));
  return Json({{"now_ms", report.now.count()}, {"services", services}}).dump();
}

std::string status_text(const ServiceReport& service, const Usage& usage, BootTime now) {
  std::string text =
      service.name + ": " + std::string(name_of(service.state)) + " for " + duration_text(now - service.since) + "\n";
  auto line = [&](std::string_view label, const std::string& value) {
    text += "  " + padded(std::string(label), 12) + value + "\n";
  };
  line("kind", std::string(name_of(service.kind)));
  if (service.process) line("process", std::to_string(*service.process));
  if (service.started) line("started", duration_text(*service.started) + " after the kernel");
  if (service.started && service.ready) {
    line(service.kind == ServiceKind::oneshot ? "done" : "ready",
         duration_text(*service.ready - *service.started) + " after its start");
  }
  line("restarts", std::to_string(service.restarts));
  if (!service.status.empty()) line("says", service.status);
  if (!service.why.empty()) line("failed last", service.why);
  if (usage.memory) line("memory", in_mebibytes(*usage.memory));
  if (usage.processes) line("processes", std::to_string(*usage.processes));
  if (usage.cpu_time) line("cpu time", duration_text(std::chrono::milliseconds(*usage.cpu_time / 1000)));
  return text;
}

std::string status_json(const ServiceReport& service, const Usage& usage, BootTime now) {
  Json json = json_of(service);
  json["now_ms"] = now.count();
  json["memory_bytes"] = or_null(usage.memory);
  json["processes"] = or_null(usage.processes);
  json["cpu_time_us"] = or_null(usage.cpu_time);
  return json.dump();
}

}  // namespace ashlar::ctl
