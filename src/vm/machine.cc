#include "vm/machine.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "vm/arguments.h"
#include "vm/keyboard.h"
#include "vm/qmp.h"
#include "vm/serial.h"
#include "vm/sockets.h"
#include "vm/state_directory.h"

namespace ashlar::vm {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

// Under emulation on a busy host QEMU may take its time to answer.
constexpr Milliseconds kAnswer = seconds(60);
constexpr Milliseconds kEnding = seconds(10);
constexpr std::size_t kQuotedLines = 8;
constexpr std::size_t kMostRaw = std::size_t{1} << 20;
constexpr std::size_t kMostEvents = 10000;
// Long enough for firmware that polls its keyboard, short enough to type a sentence.
constexpr int kKeyHoldMilliseconds = 40;

// The display a window opens with: QEMU packages them apart.
Result<std::string> window_display() {
  Command ask;
  ask.argv = {"qemu-system-x86_64", "-display", "help"};
  std::string known = TRY(run_checked(ask));
  for (std::string name : {"gtk", "sdl"}) {
    if (known.find("\n" + name + "\n") != std::string::npos) return name;
  }
  return fail("QEMU opens no window on this host: install the package qemu-system-gui, or run headless");
}

}  // namespace

// Members end in reverse order: QEMU first, then the way to the TPM and the TPM, then the directory both write to.
struct Machine::State {
  State(MachineConfig given, StateDirectory made) : config(std::move(given)), directory(std::move(made)) {}

  Result<bool> pump(Deadline deadline, int also = -1);
  Status read_console();
  Status take_events();
  Result<Json> command(const std::string& name, const Json& arguments = Json::object());
  std::string story(std::string_view what) const;

  MachineConfig config;
  StateDirectory directory;
  fs::path variables;
  std::optional<SoftwareTpm> tpm;
  std::unique_ptr<TpmTap> tpm_tap;
  std::optional<Process> qemu;
  std::optional<QmpClient> qmp;
  Fd exit_notice;  // a pidfd: readable once QEMU has ended
  Fd serial;
  bool serial_open = true;

  SerialText text;
  std::string raw;
  std::deque<QmpEvent> events;
  MachineStatus status;
  Clock::time_point started;
};

// One wait for anything the machine may do: takes in console output, events and the end. False when the deadline
// passed or `also` woke it and nothing else happened, and now and then before. An error only when the caller cancelled,
// an interrupt was noted, or the host failed: that the machine ended is no error here, but is in `status`.
Result<bool> Machine::State::pump(Deadline deadline, int also) {
  if (status.phase == Phase::ended) return false;
  std::array<pollfd, 5> polled = {pollfd{serial_open ? serial.get() : -1, POLLIN, 0},
                                  pollfd{qmp->socket().get(), POLLIN, 0}, pollfd{exit_notice.get(), POLLIN, 0},
                                  pollfd{config.cancel, POLLIN, 0}, pollfd{also, POLLIN, 0}};
  if (!TRY(poll_until(polled, deadline))) return false;
  if (polled[3].revents != 0) return fail("interrupted");
  if (polled[0].revents != 0) TRY(read_console());
  // A closed control connection is the machine ending, and the pidfd will say so; its last events are already here.
  Status received = polled[1].revents != 0 ? qmp->receive() : Status{};
  TRY(take_events());
  if (!received || polled[2].revents != 0) {
    pollfd ended{exit_notice.get(), POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(kEnding.count())) <= 0) {
      if (received) return fail("QEMU does not end");
      return std::unexpected(std::move(received).error());
    }
    if (serial_open) TRY(read_console());
    status.phase = Phase::ended;
    status.exit_status = qemu->poll();
  }
  return polled[0].revents != 0 || polled[1].revents != 0 || polled[2].revents != 0;
}

Status Machine::State::read_console() {
  std::array<char, 65536> buffer{};
  for (;;) {
    ssize_t got = ::recv(serial.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return {};
    if (got <= 0) {
      serial_open = false;
      return {};
    }
    std::string_view read(buffer.data(), static_cast<std::size_t>(got));
    text.feed(read);
    raw += read;
    if (raw.size() > 2 * kMostRaw) raw.erase(0, raw.size() - kMostRaw);
  }
}

Status Machine::State::take_events() {
  while (std::optional<QmpEvent> event = qmp->take_event()) {
    if (event->name == "RESET") {
      ++status.resets;
      status.last_reset = Clock::now();
    } else if (event->name == "SHUTDOWN") {
      if (event->data.contains("reason") && event->data["reason"].is_string()) {
        status.shutdown_reason = event->data["reason"].get<std::string>();
      }
    } else if (event->name == "GUEST_PANICKED") {
      status.phase = Phase::panicked;
    } else if (event->name == "STOP") {
      if (status.phase == Phase::running) status.phase = Phase::paused;
    } else if (event->name == "RESUME") {
      status.phase = Phase::running;
    }
    events.push_back(std::move(*event));
    if (events.size() > kMostEvents) events.pop_front();
  }
  return {};
}

Result<Json> Machine::State::command(const std::string& name, const Json& arguments) {
  if (status.phase == Phase::ended) return fail(story("QMP " + name));
  Result<Json> answer = qmp->execute(name, arguments, Deadline::after(kAnswer));
  TRY(take_events());
  return answer;
}

// `what`, and what the machine last said, as the message of an error.
std::string Machine::State::story(std::string_view what) const {
  std::string message(what);
  if (status.phase == Phase::ended) {
    message += ": the machine has ended";
    if (!status.shutdown_reason.empty()) message += " (" + status.shutdown_reason + ")";
  }
  if (std::string lines = text.last_lines(kQuotedLines); !lines.empty())
    message += "; its console says last:\n" + lines;
  return message;
}

Machine::Machine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Machine::Machine(Machine&&) noexcept = default;
Machine& Machine::operator=(Machine&&) noexcept = default;
Machine::~Machine() = default;

Result<Machine> Machine::start(const MachineConfig& config) {
  if (!find_program("qemu-system-x86_64")) {
    return fail("no qemu-system-x86_64 on this host: install the package qemu-system-x86");
  }
  std::error_code missing;
  if (!config.disk.empty() && !fs::exists(config.disk, missing)) return fail("no disk image " + config.disk.string());

  auto state = std::make_unique<State>(config, TRY(StateDirectory::open(config.state_directory)));
  const StateDirectory& directory = state->directory;
  MachineParts parts;
  if (config.firmware_code.empty() || config.firmware_variables.empty()) {
    parts.firmware = TRY(find_firmware(config.secure_boot));
  }
  if (!config.firmware_code.empty()) parts.firmware.code = config.firmware_code;
  if (!config.firmware_variables.empty()) parts.firmware.variables = config.firmware_variables;
  parts.firmware.variables = TRY(directory.variables(parts.firmware.variables));
  state->variables = parts.firmware.variables;
  parts.disk = config.disk;
  if (!config.disk.empty() && config.disk_mode == DiskMode::overlay) parts.disk = TRY(directory.overlay(config.disk));
  parts.serial_log = config.serial_log.empty() ? directory.path() / "serial.log" : config.serial_log;
  if (config.display == Display::window) parts.display = TRY(window_display());
  parts.fw_cfg = TRY(directory.write_fw_cfg(config.fw_cfg));

  SocketPair control = TRY(socket_pair());
  SocketPair console = TRY(socket_pair());
  parts.qmp = control.theirs.get();
  parts.serial = console.theirs.get();
  ProcessOptions options{.inherit = {parts.qmp, parts.serial}, .lifetime = ProcessOptions::Lifetime::bound};
  Fd tpm_end;
  if (config.tpm != Tpm::absent) {
    state->tpm =
        TRY(SoftwareTpm::start(directory.path() / "tpm", directory.path() / "tpm.log",
                               config.tpm == Tpm::traced ? SoftwareTpm::Trace::commands : SoftwareTpm::Trace::none));
    tpm_end = state->tpm->take_machine_end();
    if (config.tpm == Tpm::tapped) {
      SocketPair wire = TRY(socket_pair());
      state->tpm_tap = TRY(TpmTap::start(std::move(wire.ours), std::move(tpm_end)));
      tpm_end = std::move(wire.theirs);
    }
    parts.tpm = tpm_end.get();
    options.inherit.push_back(parts.tpm);
  }

  fs::path qemu_log = directory.path() / "qemu.log";
  Fd output = TRY(open_file(qemu_log, O_WRONLY | O_CREAT | O_TRUNC, 0600));
  std::vector<std::string> argv = qemu_arguments(config, parts, config.accelerator.value_or(accelerator()));
  state->qemu = TRY(Process::start(argv, output, options));
  control.theirs = Fd();
  console.theirs = Fd();
  tpm_end = Fd();
  state->exit_notice = Fd(static_cast<int>(::syscall(SYS_pidfd_open, state->qemu->pid(), 0)));
  if (!state->exit_notice.valid()) return fail_errno("pidfd_open");
  state->serial = std::move(console.ours);

  auto started = [&]() -> Status {
    state->qmp = TRY(QmpClient::connect(std::move(control.ours), Deadline::after(kAnswer)));
    state->started = Clock::now();
    state->status.last_reset = state->started;
    TRY(state->command("cont"));
    return {};
  }();
  if (!started) {
    state->qemu->terminate();
    std::string said = read_text(qemu_log).value_or("");
    std::string tpm_said = state->tpm ? read_text(directory.path() / "tpm.log").value_or("") : "";
    return fail("start the machine: " + started.error().message() + (said.empty() ? "" : "; QEMU says:\n" + said) +
                (tpm_said.empty() ? "" : "; swtpm says:\n" + tpm_said));
  }
  return Machine(std::move(state));
}

Result<std::optional<std::string>> Machine::next_line(Milliseconds timeout) {
  Deadline deadline = Deadline::after(timeout);
  for (;;) {
    if (std::optional<std::string> line = state_->text.take_line()) return line;
    if (state_->status.phase == Phase::ended) return fail(state_->story("read the console"));
    if (deadline.passed()) return std::nullopt;
    TRY(state_->pump(deadline));
  }
}

Result<std::string> Machine::wait_for_line(const LinePredicate& wanted, Milliseconds timeout) {
  Deadline deadline = Deadline::after(timeout);
  for (;;) {
    auto line = TRY(next_line(Milliseconds(deadline.left())));
    if (!line) return fail(state_->story("a line that was waited for did not come in time"));
    if (wanted(*line)) return std::move(*line);
  }
}

Result<std::string> Machine::wait_for_line(std::string_view part, Milliseconds timeout) {
  return in("wait for \"" + std::string(part) + "\"",
            wait_for_line([part](std::string_view line) { return line.find(part) != line.npos; }, timeout));
}

Result<std::string> Machine::wait_for_text(std::string_view text, Milliseconds timeout) {
  Deadline deadline = Deadline::after(timeout);
  for (;;) {
    if (std::optional<std::string> taken = state_->text.take_through(text)) return std::move(*taken);
    if (state_->status.phase == Phase::ended || deadline.passed()) {
      return fail(state_->story("wait for \"" + std::string(text) + "\""));
    }
    TRY(state_->pump(deadline));
  }
}

std::string Machine::unfinished_line() const { return state_->text.unfinished_line(); }

Status Machine::type_serial(std::string_view text) {
  Deadline deadline = Deadline::after(kAnswer);
  while (!text.empty()) {
    ssize_t sent = ::send(state_->serial.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail_errno(state_->story("type on the console"));
    // The guest reads slowly: meanwhile take in what it says.
    pollfd writable{state_->serial.get(), POLLOUT, 0};
    ::poll(&writable, 1, 100);
    TRY(state_->pump(Deadline::after(Milliseconds(0))));
    if (deadline.passed()) return fail(state_->story("type on the console: nobody reads it"));
  }
  return {};
}

Result<std::string> Machine::read_serial(Milliseconds timeout, int also) {
  Deadline deadline = Deadline::after(timeout);
  if (state_->raw.empty()) TRY(state_->pump(deadline, also));
  return std::exchange(state_->raw, {});
}

Status Machine::screenshot(const fs::path& path) {
  Json arguments = {{"filename", fs::absolute(path).string()}};
  if (path.extension() != ".ppm") arguments["format"] = "png";
  TRY(in("screenshot", state_->command("screendump", arguments)));
  return {};
}

Status Machine::send_keys(const std::vector<std::string>& together) {
  Json keys = Json::array();
  for (const std::string& key : together) keys.push_back({{"type", "qcode"}, {"data", key}});
  TRY(state_->command("send-key", {{"keys", keys}, {"hold-time", kKeyHoldMilliseconds}}));
  return {};
}

Status Machine::type_keys(std::string_view text) {
  for (char c : text) {
    std::optional<std::vector<std::string>> keys = keys_for(c);
    if (!keys)
      return fail_misuse("type keys: a US keyboard cannot type byte " + std::to_string(static_cast<unsigned char>(c)));
    TRY(send_keys(*keys));
  }
  return {};
}

Status Machine::powerdown() {
  TRY(state_->command("system_powerdown"));
  return {};
}
Status Machine::reset() {
  TRY(state_->command("system_reset"));
  return {};
}
Status Machine::pause() {
  TRY(state_->command("stop"));
  return {};
}
Status Machine::resume() {
  TRY(state_->command("cont"));
  return {};
}

Status Machine::quit() {
  if (state_->status.phase == Phase::ended) return {};
  TRY(state_->command("quit"));
  TRY(wait_exit(kEnding));
  return {};
}

Status Machine::cut_power() {
  if (state_->status.phase == Phase::ended) return {};
  if (::kill(state_->qemu->pid(), SIGKILL) != 0) return fail_errno("kill QEMU");
  TRY(wait_exit(kEnding));
  return {};
}

MachineStatus Machine::status() {
  // What has happened so far, without waiting. A cancelled wait is for the waits to report.
  while (state_->pump(Deadline::after(Milliseconds(0))).value_or(false)) {
  }
  return state_->status;
}

Result<std::string> Machine::wait_event(std::string_view name, Milliseconds timeout) {
  Deadline deadline = Deadline::after(timeout);
  for (;;) {
    while (!state_->events.empty()) {
      QmpEvent event = std::move(state_->events.front());
      state_->events.pop_front();
      if (event.name == name) return event.data.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    if (state_->status.phase == Phase::ended || deadline.passed()) {
      return fail(state_->story("wait for event " + std::string(name)));
    }
    TRY(state_->pump(deadline));
  }
}

Result<MachineStatus> Machine::wait_exit(Milliseconds timeout) {
  Deadline deadline = Deadline::after(timeout);
  while (state_->status.phase != Phase::ended) {
    if (deadline.passed()) return fail(state_->story("the machine did not end in time"));
    TRY(state_->pump(deadline));
  }
  return state_->status;
}

TpmTap& Machine::tpm_tap() { return *state_->tpm_tap; }

fs::path Machine::state_directory() const { return state_->directory.path(); }
fs::path Machine::variables() const { return state_->variables; }
Clock::duration Machine::uptime() const { return Clock::now() - state_->started; }
std::string Machine::last_lines(std::size_t count) const { return state_->text.last_lines(count); }

Result<std::string> Machine::qmp(const std::string& command, const std::string& arguments) {
  Json parsed = Json::parse(arguments, nullptr, false);
  if (!parsed.is_object()) return fail_misuse("QMP " + command + ": the arguments are not a JSON object");
  Json answer = TRY(state_->command(command, parsed));
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ashlar::vm
