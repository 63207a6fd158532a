// What PID 1 reports of the services, in words and as JSON. Pure.
#pragma once

#include <optional>
#include <string>

#include "format/control_message.h"
#include "sys/kernel.h"

namespace ashlar::ctl {

// What the kernel counts of a service's control group; nothing of one that does not run.
struct Usage {
  std::optional<std::uint64_t> memory;     // bytes
  std::optional<std::uint64_t> processes;  // threads count
  std::optional<std::uint64_t> cpu_time;   // microseconds
};
Usage usage_of(Kernel& kernel, const std::string& service);

// A table, and below it how many there are.
std::string list_text(const Report& report);
std::string list_json(const Report& report);
// `now` is the report's.
std::string status_text(const ServiceReport& service, const Usage& usage, BootTime now);
std::string status_json(const ServiceReport& service, const Usage& usage, BootTime now);

}  // namespace ashlar::ctl
