#include "prove/observe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <regex>

#include "base/log.h"
#include "vm/run.h"

namespace ashlar::prove {
namespace {

using std::chrono::minutes;

// Long enough for emulation on a busy machine; a watch ends at what it sees, not here.
constexpr auto kLimit = minutes(8);
constexpr auto kAnswer = minutes(4);
constexpr std::size_t kKeptLines = 12;
constexpr unsigned kMostResets = 4;  // enrolling keys is one, a panic another
constexpr std::array kPcrs = {4U, 7U, 11U, 12U, 13U};
// The shell of the dev variant, and a shell that is PID 1 itself.
constexpr std::array<std::string_view, 2> kPrompts = {"DEV ashlar# ", "\n# "};

// What the shell says when it is through with the command; the echo of what was typed does not contain it.
constexpr std::string_view kCommandDone = "command-42";

class Watcher {
 public:
  Watcher(vm::Machine& machine, const Watch& watch) : machine_(machine), watch_(watch), wanted_(watch.evidence) {}

  Status until_decided() {
    for (vm::Deadline deadline = vm::Deadline::after(kLimit); !deadline.passed();) {
      if (!watch_.command.empty() && !answers_command_ && at_prompt()) {
        TRY(machine_.type_serial(watch_.command + "; echo command-$((40+2))\n"));
        answers_command_ = true;
      }
      auto line = TRY(next_line());
      if (line && decides(*line)) return {};
      if (seen_.end == Observation::End::gave_up) return {};
    }
    return {};
  }

  // Ready is not the end: the shell and what it starts are read from the disk only now, and may stop the machine. A
  // line of the kernel's in the middle of an answer spoils it, so that it is asked again.
  Status read_pcrs() {
    constexpr unsigned kTries = 3;
    TRY(go_on([&] { return at_prompt(); }, [](const std::string&) -> Status { return {}; }));
    for (unsigned i = 0; i < kTries && seen_.pcrs.size() < kPcrs.size(); ++i) {
      if (seen_.end != Observation::End::ready) return {};
      TRY(machine_.type_serial("for i in " + fmt::format("{}", fmt::join(kPcrs, " ")) +
                               "; do echo pcr$i=$(cat /sys/class/tpm/tpm0/pcr-sha256/$i); done; echo pcrs-end\n"));
      bool all = false;
      TRY(go_on([&] { return all; },
                [&](const std::string& line) -> Status {
                  all = line == "pcrs-end";
                  return note_pcr(line);
                }));
    }
    return {};
  }

  Observation take() { return std::move(seen_); }
  [[nodiscard]] Observation::End end() const { return seen_.end; }

 private:
  Status note_pcr(const std::string& line) {
    static const std::regex kPcr("^pcr([0-9]+)=([0-9A-Fa-f]{64})$");
    std::smatch found;
    if (!std::regex_match(line, found, kPcr)) return {};  // the echo of what was typed
    std::string digits = found[2];
    for (char& digit : digits) digit = static_cast<char>(std::tolower(static_cast<unsigned char>(digit)));
    seen_.pcrs[static_cast<unsigned>(std::stoul(found[1]))] = TRY(parse_sha256(digits));
    return {};
  }

  // The next line, if one comes soon. Notes a prompt that other words came behind, and a machine that never gets on.
  Result<std::optional<std::string>> next_line() {
    auto line = TRY(machine_.next_line(vm::Milliseconds(500)));
    if (line) first_boot_.on_line(*line);
    if (!line) {
      if (auto answer = first_boot_.answer(machine_.unfinished_line())) TRY(machine_.type_serial(*answer));
    }
    if (line)
      prompt_passed_ |= std::ranges::any_of(
          kPrompts, [&](std::string_view prompt) { return ("\n" + *line).find(prompt) != std::string::npos; });
    if (machine_.status().resets > kMostResets) end(Observation::End::gave_up, "the machine resets again and again");
    return line;
  }

  // Reads lines until there is enough of them or the machine gives up.
  Status go_on(const std::function<bool()>& enough, const std::function<Status(const std::string&)>& on_line) {
    for (vm::Deadline deadline = vm::Deadline::after(kAnswer); !enough();) {
      if (deadline.passed()) return fail("no answer at the prompt; the console says last:\n" + machine_.last_lines(4));
      auto line = TRY(next_line());
      if (line && gives_up(*line)) end(Observation::End::gave_up, *line);
      if (seen_.end == Observation::End::gave_up) return {};
      if (line) TRY(on_line(*line));
    }
    return {};
  }

  // A prompt has no line end: it is looked for where a line could still come, and where one came behind it.
  bool at_prompt() const {
    std::string said = "\n" + machine_.last_lines(1);
    return prompt_passed_ ||
           std::ranges::any_of(kPrompts, [&](std::string_view prompt) { return said.ends_with(prompt); });
  }

  // What firmware, boot loader, kernel and initramfs say when this boot ends here. The boot loader's menu shows by
  // itself when it found nothing to start.
  bool gives_up(const std::string& line) const {
    return vm::gives_up(line) || line.find("ashlar: failed") != std::string::npos ||
           (!watch_.play && line.find(kMenu) != std::string::npos);
  }

  bool decides(const std::string& line) {
    const bool is_ready = line.find("ashlar: ready") != std::string::npos;
    // Where a command is typed, what it was typed to show comes after the machine started.
    bool counts = watch_.command.empty() || answers_command_ || was_ready_;
    if (!watch_.evidence.empty() && counts && std::regex_search(line, wanted_)) {
      seen_.evidence = line;
      if (watch_.ends_at_evidence) return end(Observation::End::evidence, line);
    }
    if (answers_command_ && line == kCommandDone) return end(Observation::End::ready, line);
    was_ready_ |= is_ready;
    if (is_ready && watch_.command.empty()) {
      std::map<std::string, std::string> facts = vm::facts_in(line);
      seen_.root_hash = facts["roothash"];
      seen_.secure_boot = facts["SecureBoot"];
      return end(Observation::End::ready, line);
    }
    return gives_up(line) && end(Observation::End::gave_up, line);
  }
  bool end(Observation::End how, const std::string& line) {
    seen_.end = how;
    seen_.line = line;
    return true;
  }

  vm::Machine& machine_;
  const Watch& watch_;
  std::regex wanted_;
  Observation seen_;
  bool answers_command_ = false;
  bool was_ready_ = false;
  bool prompt_passed_ = false;
  vm::FirstBootQuestion first_boot_;
};

}  // namespace

Result<Observation> observe(const vm::MachineConfig& config, const Watch& watch) {
  vm::Machine machine = TRY(vm::Machine::start(config));
  Watcher watcher(machine, watch);
  Status watched = [&]() -> Status {
    if (watch.play) TRY(watch.play(machine));
    TRY(watcher.until_decided());
    if (watch.reads_pcrs && watcher.end() == Observation::End::ready) TRY(watcher.read_pcrs());
    return {};
  }();
  // A machine that ended by itself is told as what it said last.
  if (!watched && machine.status().phase != vm::Phase::ended) return std::unexpected(std::move(watched).error());
  Observation seen = watcher.take();
  seen.console = machine.last_lines(kKeptLines);
  seen.took = std::chrono::duration_cast<vm::Milliseconds>(machine.uptime());
  if (!watch.screenshot.empty() && machine.status().phase != vm::Phase::ended) {
    if (Status taken = machine.screenshot(watch.screenshot); !taken) log::warn(taken.error().message());
  }
  return seen;
}

}  // namespace ashlar::prove
