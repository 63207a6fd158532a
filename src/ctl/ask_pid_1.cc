#include "ctl/ask_pid_1.h"

#include <unistd.h>

#include <algorithm>

#include "ctl/ask.h"
#include "ctl/boot_timeline.h"
#include "ctl/print.h"
#include "ctl/service_report.h"
#include "format/log_message.h"
#include "sys/efi_variables.h"
#include "sys/release.h"

namespace ashlar::ctl {
namespace {

using Asks = ControlQuestion::Verb;

constexpr int kFollowPause = 500;  // milliseconds

Result<Report> report(const Caller& caller) {
  return parse_report(TRY(ask(caller.control_socket, {.verb = Asks::report, .service = {}})));
}

Status service_status(const CommandLine& line, const Caller& caller, Kernel& kernel) {
  Report all = TRY(report(caller));
  auto found = std::ranges::find(all.services, line.operand, &ServiceReport::name);
  if (found == all.services.end()) {
    return fail_misuse("there is no service " + line.operand + "; `ashlarctl service list` has them");
  }
  Usage usage = usage_of(kernel, found->name);
  return print(line.json ? status_json(*found, usage, all.now) + "\n" : status_text(*found, usage, all.now));
}

// From byte `from` on; where the service stands now.
Result<std::uint64_t> print_output(const CommandLine& line, const Caller& caller, std::uint64_t from) {
  OutputPart part = TRY(
      parse_output_part(TRY(ask(caller.control_socket, {.verb = Asks::log, .service = line.operand, .from = from}))));
  std::string text = part.bytes;
  // A line whose beginning is gone.
  std::size_t end = text.find('\n');
  if (part.begin > from && end != text.npos) text.erase(0, end + 1);
  TRY(print_foreign(text));
  return part.begin + part.bytes.size();
}

Status service_log(const CommandLine& line, const Caller& caller, Kernel& kernel) {
  if (line.boots_ago) {
    return ask_for_much(caller.control_socket, {.verb = Asks::past, .service = line.operand, .from = *line.boots_ago},
                        print_foreign);
  }
  std::uint64_t position = TRY(print_output(line, caller, 0));
  while (line.follow) {
    kernel.sleep(kFollowPause);
    position = TRY(print_output(line, caller, position));
  }
  return {};
}

// What the firmware and the boot loader tell of the time before the kernel.
std::optional<Firmware> firmware(Kernel& kernel) {
  auto began = loader_time(kernel, "LoaderTimeInitUSec");
  auto ended = loader_time(kernel, "LoaderTimeExecUSec");
  if (!began || !ended || !*began || !*ended) return std::nullopt;
  return Firmware{.loader_began = std::chrono::duration_cast<BootTime>(**began),
                  .kernel_began = std::chrono::duration_cast<BootTime>(**ended)};
}

Status boot(const CommandLine& line, const Caller& caller, Kernel& kernel) {
  Timeline timeline = make_timeline(TRY(report(caller)), firmware(kernel));
  if (line.json) return print(timeline_json(timeline) + "\n");
  if (line.svg) return print(timeline_svg(timeline, "Start of Ashlar " + std::string(kVersion)));
  return print(timeline_text(timeline));
}

}  // namespace

Status ask_pid_1(const CommandLine& line, const Caller& caller, Kernel& kernel) {
  auto just_ask = [&](Asks verb) -> Status {
    TRY(ask(caller.control_socket, {.verb = verb, .service = line.operand}));
    return {};
  };
  switch (line.verb->way) {
    case Way::service_list: {
      Report all = TRY(report(caller));
      return print(line.json ? list_json(all) + "\n" : list_text(all));
    }
    case Way::service_status:
      return service_status(line, caller, kernel);
    case Way::service_log:
      return service_log(line, caller, kernel);
    case Way::service_restart:
      return just_ask(Asks::restart);
    case Way::boot:
      return boot(line, caller, kernel);
    case Way::power_off:
      return just_ask(Asks::power_off);
    case Way::power_restart:
      return just_ask(Asks::power_restart);
    case Way::data:
    case Way::status:
    case Way::denials:
      break;
  }
  return fail("PID 1 does not do that");
}

}  // namespace ashlar::ctl
