#include "prove/observe.h"

#include <algorithm>
#include <array>
#include <regex>

#include "vm/run.h"

namespace ashlar::prove {
namespace {

using std::chrono::minutes;

// Long enough for emulation on a busy machine; a watch ends at what it sees, not here.
constexpr auto kLimit = minutes(8);
constexpr auto kAnswer = minutes(4);
constexpr std::size_t kKeptLines = 12;
// The shell of the dev variant, and a shell that is PID 1 itself.
constexpr std::array<std::string_view, 2> kPrompts = {"DEV ashlar# ", "\n# "};

// What the shell says when it is through with the command; the echo of what was typed does not contain it.
constexpr std::string_view kCommandDone = "command-42";

class Watcher {
 public:
  Watcher(vm::Machine& machine, const Watch& watch) : machine_(machine), watch_(watch), wanted_(watch.evidence) {}

  Status until_decided() {
    bool answers_command = false;
    for (vm::Deadline deadline = vm::Deadline::after(kLimit); !deadline.passed();) {
      // A prompt has no line end: it is looked for where a line could still come.
      if (!watch_.command.empty() && !answers_command && at_prompt()) {
        TRY(machine_.type_serial(watch_.command + "; echo command-$((40+2))\n"));
        answers_command = true;
      }
      auto line = TRY(machine_.next_line(vm::Milliseconds(500)));
      if (line && decides(*line, answers_command)) return {};
    }
    return {};
  }

  // Ready is not the end: the shell and what it starts are read from the disk only now, and may stop the machine.
  Status read_pcrs() {
    TRY(go_on([&] { return at_prompt(); }, [](const std::string&) -> Status { return {}; }));
    if (end() != Observation::End::ready) return {};
    TRY(machine_.type_serial(
        "for i in 4 7 11 12 13; do echo pcr$i=$(cat /sys/class/tpm/tpm0/pcr-sha256/$i); done; echo pcrs-end\n"));
    static const std::regex kPcr("^pcr([0-9]+)=([0-9A-Fa-f]{64})$");
    bool all = false;
    return go_on([&] { return all; },
                 [&](const std::string& line) -> Status {
                   std::smatch found;
                   all = line == "pcrs-end";
                   if (!std::regex_match(line, found, kPcr)) return {};  // the echo of what was typed
                   std::string digits = found[2];
                   for (char& digit : digits)
                     digit = static_cast<char>(std::tolower(static_cast<unsigned char>(digit)));
                   seen_.pcrs[static_cast<unsigned>(std::stoul(found[1]))] = TRY(parse_sha256(digits));
                   return {};
                 });
  }

  Observation take() { return std::move(seen_); }
  [[nodiscard]] Observation::End end() const { return seen_.end; }

 private:
  // Reads lines until there is enough of them or the machine gives up.
  Status go_on(const std::function<bool()>& enough, const std::function<Status(const std::string&)>& on_line) {
    for (vm::Deadline deadline = vm::Deadline::after(kAnswer); !enough();) {
      if (deadline.passed()) return fail("no answer at the prompt; the console says last:\n" + machine_.last_lines(4));
      auto line = TRY(machine_.next_line(vm::Milliseconds(500)));
      if (!line) continue;
      if (vm::gives_up(*line)) {
        end(Observation::End::gave_up, *line);
        return {};
      }
      TRY(on_line(*line));
    }
    return {};
  }

  bool at_prompt() const {
    std::string said = "\n" + machine_.last_lines(1);
    return std::ranges::any_of(kPrompts, [&](std::string_view prompt) { return said.ends_with(prompt); });
  }

  bool decides(const std::string& line, bool answers_command) {
    if (!watch_.evidence.empty() && std::regex_search(line, wanted_)) {
      seen_.evidence = line;
      if (watch_.ends_at_evidence) return end(Observation::End::evidence, line);
    }
    if (answers_command && line == kCommandDone) return end(Observation::End::ready, line);
    if (line.find("ashlar: ready") != std::string::npos && watch_.command.empty()) {
      std::map<std::string, std::string> facts = vm::facts_in(line);
      seen_.root_hash = facts["roothash"];
      seen_.secure_boot = facts["SecureBoot"];
      return end(Observation::End::ready, line);
    }
    if (vm::gives_up(line) || line.find("ashlar: failed") != std::string::npos) {
      return end(Observation::End::gave_up, line);
    }
    return false;
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
  if (!watch.screenshot.empty() && machine.status().phase != vm::Phase::ended)
    TRY(machine.screenshot(watch.screenshot));
  return seen;
}

}  // namespace ashlar::prove
