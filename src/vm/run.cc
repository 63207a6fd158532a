#include "vm/run.h"

#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "base/log.h"
#include "vm/terminal.h"

namespace ashlar::vm {
namespace {

// Enrolling keys resets once, a boot counter that falls back once or twice more. After that it is a loop.
constexpr unsigned kMostResets = 4;
constexpr Milliseconds kScreenInterval = std::chrono::seconds(1);
constexpr unsigned kStill = 3;  // looks in a row that show what the one before did
constexpr unsigned kMostLooks = 60;

Milliseconds milliseconds(Clock::duration span) { return std::chrono::duration_cast<Milliseconds>(span); }

std::string in_seconds(Clock::duration span) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", std::chrono::duration<double>(span).count());
  return text.data();
}

bool contains(std::string_view line, std::string_view part) { return line.find(part) != line.npos; }

// Makes SIGINT and SIGTERM readable instead of deadly, so that the machine is ended in order.
class Interruptions {
 public:
  static Result<Interruptions> catch_them() {
    Interruptions caught;
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&wanted, number);
    if (int code = ::pthread_sigmask(SIG_BLOCK, &wanted, &caught.before_); code != 0) {
      return fail_errno("block signals", code);
    }
    caught.blocked_ = true;
    caught.notice_ = Fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!caught.notice_.valid()) return fail_errno("signalfd");
    return caught;
  }
  Interruptions(Interruptions&& other) noexcept
      : notice_(std::move(other.notice_)), before_(other.before_), blocked_(std::exchange(other.blocked_, false)) {}
  ~Interruptions() {
    if (!blocked_) return;
    signalfd_siginfo taken{};  // or it would strike as soon as it is unblocked, before the error is told
    while (::read(notice_.get(), &taken, sizeof taken) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  [[nodiscard]] int fd() const { return notice_.get(); }

 private:
  Interruptions() = default;
  Fd notice_;
  sigset_t before_{};
  bool blocked_ = false;
};

// One line on standard error for each step a boot takes.
class Story {
 public:
  explicit Story(const Machine& machine) : machine_(machine) {}
  void on_line(std::string_view line) {
    if (contains(line, "BdsDxe: starting") && !contains(line, "Internal Shell"))
      tell("the firmware starts the bootloader");
    if (contains(line, "BdsDxe: failed to load")) tell(line);
    if (contains(line, "Enrolling secure boot keys")) tell("setup mode: the bootloader enrols the Secure Boot keys");
  }
  void on_resets(unsigned resets) {
    if (resets == told_resets_) return;
    told_resets_ = resets;
    tell("the machine resets");
  }

 private:
  void tell(std::string_view what) { log::info("  " + in_seconds(machine_.uptime()) + "  " + std::string(what)); }

  const Machine& machine_;
  unsigned told_resets_ = 0;
};

Status until_ended(Machine& machine, Display display) {
  if (display == Display::none) return pass_console_through(machine);
  for (;;) {  // a person uses it: the only wait in the house without an end
    Result<MachineStatus> ended = machine.wait_exit(std::chrono::hours(1));
    if (ended) return {};
    if (machine.status().phase != Phase::ended && ended.error().message() == "interrupted") {
      return std::unexpected(std::move(ended).error());
    }
  }
}

}  // namespace

Result<Verdict> wait_until_ready(Machine& machine, ReadyDetector& detector, Milliseconds timeout) {
  Deadline deadline = Deadline::after(timeout);
  Deadline next_look = Deadline::after(kScreenInterval);
  Story story(machine);
  std::string refusal;  // why the firmware would not start something; the line that ends the boot does not say it
  for (;;) {
    const bool looks = detector.source() == ReadyDetector::Source::screen;
    auto line = TRY(machine.next_line(Milliseconds(std::min(deadline.left(), looks ? next_look.left() : 1000))));
    MachineStatus status = machine.status();
    story.on_resets(status.resets);
    if (line) {
      story.on_line(*line);
      if (contains(*line, "BdsDxe: failed to load")) refusal = *line + "; ";
      Verdict verdict = detector.on_line(*line);
      if (verdict.state != Verdict::State::waiting) return verdict;
      if (auto sign = gives_up(*line)) return Verdict{Verdict::State::failed, refusal + *sign};
    } else if (auto answer = detector.answer(machine.unfinished_line())) {
      TRY(machine.type_serial(*answer));
    }
    if (status.phase == Phase::panicked) return Verdict{Verdict::State::failed, "the kernel panicked"};
    if (status.resets > kMostResets) {
      return Verdict{Verdict::State::failed, "the machine resets again and again"};
    }
    if (looks && next_look.passed()) {
      fs::path screen = machine.state_directory() / "screen.ppm";
      TRY(machine.screenshot(screen));
      Verdict verdict = TRY(detector.on_screen(screen));
      if (verdict.state != Verdict::State::waiting) return verdict;
      next_look = Deadline::after(kScreenInterval);
    }
    if (deadline.passed()) {
      return fail("not ready after " + in_seconds(timeout) + "; the console says last:\n" + machine.last_lines(8));
    }
  }
}

std::optional<std::string> gives_up(std::string_view line) {
  for (std::string_view sign : {"BdsDxe: No bootable option", "UEFI Interactive Shell", "Kernel panic - not syncing"}) {
    if (contains(line, sign)) return std::string(line);
  }
  return std::nullopt;
}

std::map<std::string, std::string> facts_in(std::string_view line) {
  std::map<std::string, std::string> facts;
  while (!line.empty()) {
    std::size_t space = std::min(line.find(' '), line.size());
    std::string_view word = line.substr(0, space);
    if (std::size_t equals = word.find('='); equals != word.npos) {
      facts[std::string(word.substr(0, equals))] = word.substr(equals + 1);
    }
    line.remove_prefix(std::min(space + 1, line.size()));
  }
  return facts;
}

Verdict SerialReadyDetector::on_line(std::string_view line) {
  if (line.starts_with("ashlar: ready")) {
    std::map<std::string, std::string> facts = facts_in(line);
    bool verified = facts["SecureBoot"] == "1" && facts["SetupMode"] == "0" && facts["root"] == "verity";
    if (verified) return {Verdict::State::ready, std::string(line)};
    return {Verdict::State::failed, "it runs, and was not verified: " + std::string(line)};
  }
  if (line.starts_with("ashlar: failed")) return {Verdict::State::failed, std::string(line)};
  return {};
}

Verdict DesktopReadyDetector::on_line(std::string_view line) {
  first_boot_.on_line(line);
  Verdict machine = machine_.on_line(line);
  if (machine.state == Verdict::State::failed) return machine;
  if (machine.state == Verdict::State::ready) evidence_ = machine.evidence;
  for (std::string_view end : {"ashlar: service session: stays down", "ashlar: service session: does not start"}) {
    if (line.starts_with(end)) return {Verdict::State::failed, std::string(line)};
  }
  if (line.starts_with("ashlar: service session: says: the first page is there")) page_ = true;
  return {};
}

Result<Verdict> DesktopReadyDetector::on_screen(const fs::path& ppm) {
  if (!page_ || evidence_.empty()) return Verdict{};
  Bytes screen = TRY(read_file(ppm));
  same_ = screen == last_screen_ ? same_ + 1 : 0;
  last_screen_ = std::move(screen);
  return same_ == kStill || ++looks_ == kMostLooks ? Verdict{Verdict::State::ready, evidence_} : Verdict{};
}

std::string RunReport::json() const {
  constexpr std::array<std::string_view, 3> kStates = {"waiting", "ready", "failed"};
  nlohmann::json out = {{"state", kStates[static_cast<std::size_t>(state)]},
                        {"evidence", evidence},
                        {"facts", facts},
                        {"ready_after_ms", ready_after.count()},
                        {"last_boot_ms", last_boot_after.count()},
                        {"resets", resets},
                        {"accelerator", accelerator}};
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<RunReport> run_image(const RunOptions& options) {
  Interruptions interruptions = TRY(Interruptions::catch_them());
  MachineConfig config;
  config.disk = options.image;
  config.display = options.display;
  const bool desktop = options.display == Display::window;
  config.memory_mib = options.memory_mib.value_or(desktop ? 2048 : config.memory_mib);
  config.cpus = options.cpus.value_or(desktop ? 2 : config.cpus);
  config.network = options.network;
  config.serial_log = options.serial_log;
  config.extra_arguments = options.extra_arguments;
  config.cancel = interruptions.fd();
  if (options.keep == Keep::machine) {
    config.disk_mode = DiskMode::overlay;
    config.state_directory = options.image.string() + ".machine";
  }

  RunReport report;
  report.accelerator = accelerator_reason();
  log::info("boot " + options.image.string() + " (" + report.accelerator + ")");
  Machine machine = TRY(Machine::start(config));
  if (options.until == Until::ended) {
    TRY(until_ended(machine, options.display));
    report.resets = machine.status().resets;
    return report;
  }

  std::shared_ptr<ReadyDetector> detector = options.detector;
  if (!detector) detector = std::make_shared<SerialReadyDetector>();
  Result<Verdict> verdict = wait_until_ready(machine, *detector, options.timeout);
  MachineStatus status = machine.status();
  report.ready_after = milliseconds(machine.uptime());
  report.last_boot_after = milliseconds(Clock::now() - status.last_reset);
  report.resets = status.resets;
  if (!options.screenshot.empty() && status.phase != Phase::ended) {
    Status taken = machine.screenshot(options.screenshot);
    if (!taken && verdict) return std::unexpected(std::move(taken).error());
    if (!taken) log::warn(taken.error().message());
  }
  if (!verdict) return std::unexpected(std::move(verdict).error().in("boot " + options.image.string()));
  if (verdict->state == Verdict::State::failed) {
    return fail("boot " + options.image.string() + ": " + verdict->evidence + "\nThe console says last:\n" +
                machine.last_lines(8));
  }
  report.state = verdict->state;
  report.evidence = verdict->evidence;
  report.facts = facts_in(report.evidence);
  TRY(machine.quit());
  return report;
}

}  // namespace ashlar::vm
