// What PID 1 is asked over its control socket, and what it answers. docs/FORMATS.md has both as text.
//
// A Unix socket of packets (SOCK_SEQPACKET): one packet is a question, one packet comes back, and the connection ends.
// No packet says who asks; the kernel does. `past` is answered by the logger, in as many packets as it takes, and
// `follow`, which only the logger asks, with the packets of log_message.h until one side ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/service_table.h"

namespace ashlar {

inline constexpr char kControlSocket[] = "/run/ashlar/control";
inline constexpr std::size_t kLongestControlQuestion = 128;       // bytes
inline constexpr std::size_t kLongestControlAnswer = 128 * 1024;  // bytes; a packet may have a little more

// What becomes of a service (src/init/service.h).
enum class ServiceState : std::uint8_t {
  waiting,
  starting,
  running,
  stopping,
  clearing,
  pausing,
  finished,
  stopped,
  failed,
};
std::string_view name_of(ServiceState state);
std::string_view name_of(ServiceKind kind);

struct ControlQuestion {
  enum class Verb : std::uint8_t { report, log, past, restart, power_off, power_restart, follow };
  Verb verb = Verb::report;
  std::string service;  // of log, past and restart
  // Of log: bytes the service had written before what is wanted. Of past: starts of the machine before this one.
  std::uint64_t from = 0;

  bool operator==(const ControlQuestion&) const = default;
};

std::string build_control_question(const ControlQuestion& question);
// Errors: everything that build_control_question does not write.
Result<ControlQuestion> parse_control_question(std::string_view packet);

// The first line of an answer says what became of the question, the rest is what was asked for.
enum class Outcome : std::uint8_t {
  done,
  failed,   // and why
  misused,  // there is no such service, or no such question
};
struct ControlAnswer {
  Outcome outcome = Outcome::done;
  std::string text;  // of done: what the question asks for; else a sentence of printable characters
};
std::string build_control_answer(Outcome outcome, std::string_view text);
Result<ControlAnswer> parse_control_answer(std::string_view packet);

// Since the kernel started.
using BootTime = std::chrono::milliseconds;
// By which the initramfs leaves its own start, in milliseconds, in the environment of PID 1.
inline constexpr char kInitramfsStarted[] = "ASHLAR_INITRAMFS_STARTED";

struct BootPhase {
  std::string name;  // as a service's
  BootTime begun{};
  std::optional<BootTime> ended;

  bool operator==(const BootPhase&) const = default;
};

struct ServiceReport {
  std::string name;
  ServiceKind kind = ServiceKind::daemon;
  ServiceState state = ServiceState::waiting;
  BootTime since{};
  std::optional<int> process;  // its main one
  unsigned restarts = 0;
  std::optional<BootTime> started;  // for the first time
  std::optional<BootTime> ready;    // for the first time
  std::string why;                  // it failed last; one line of printable characters, empty: it did not
  std::string status;               // what it says of itself, as why

  bool operator==(const ServiceReport&) const = default;
};

// What `report` asks for.
struct Report {
  BootTime now{};
  std::vector<BootPhase> phases;  // before the services
  std::vector<ServiceReport> services;

  bool operator==(const Report&) const = default;
};
std::string build_report(const Report& report);
Result<Report> parse_report(std::string_view text);

}  // namespace ashlar
