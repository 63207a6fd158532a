// /usr/lib/ashlar/data. Without a verb: the unlocking program's turn of a boot, for which PID 1 starts it once, before
// anything else. With one: what ashlarctl, or PID 1 after a good boot, asks of /data later (verbs.h).

#include <unistd.h>

#include <cstdio>

#include "base/log.h"
#include "data/explanations.h"
#include "data/linux_storage.h"
#include "data/password_key.h"
#include "data/program.h"
#include "data/verbs.h"
#include "sys/linux_kernel.h"

namespace {

using namespace ashlar;

constexpr char kHandedOver[] = "/run/ashlar";

Result<Argon2idParameters> calibrate() { return calibrate_argon2id(TRY(this_machine())); }

// Everything that fails is told at the prompt, and may be tried again there. It ends with an open /data, or because a
// person wants that, or because nobody can answer; never in a shell.
int take_the_turn(Kernel& kernel) {
  auto log = [&](std::string_view line) { kernel.say(Severity::failure, line); };
  ConsolePrompter prompter(open_consoles(kernel));
  LinuxStorage storage(kernel);
  Turn turn{.prompter = prompter,
            .storage = storage,
            .tpm = TurnTpm([] { return Tpm::open(); }),
            .image = read_signed_image(kHandedOver, log),
            .calibrate = calibrate,
            .log = log,
            .session_file = fs::path(kHandedOver) / "data.json"};
  Result<TurnEnd> end = take_turn(turn);
  if (end) return static_cast<int>(*end);
  log("ashlar: data: " + end.error().message());
  prompter.show(explain_failure(end.error()));
  return static_cast<int>(TurnEnd::closed);
}

int carry_out(Kernel& kernel, std::span<const std::string_view> arguments) {
  auto tell = [&](std::string_view line) { kernel.say(Severity::failure, line); };
  LinuxStorage storage(kernel);
  VerbMachine machine{.storage = storage,
                      .tpm = TurnTpm([] { return Tpm::open(); }),
                      .image = read_signed_image(kHandedOver, tell),
                      .terminal = callers_terminal,
                      .calibrate = calibrate,
                      .log = tell};
  Result<std::string> text = carry_out_verb(arguments, machine);
  if (text) return std::fputs(text->c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
  if (::getppid() == 1) tell("ashlar: data: " + text.error().message());  // PID 1 starts it with nowhere to write to
  log::error(text.error());
  return text.error().exit_status();
}

}  // namespace

int main(int argc, char** argv) {
  LinuxKernel kernel;
  // What cannot be kept from swap and core dumps is not asked for.
  if (Status safe = protect_memory(); !safe) {
    kernel.say(Severity::failure, "ashlar: data: " + safe.error().message());
    return static_cast<int>(TurnEnd::closed);
  }
  std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return arguments.empty() ? take_the_turn(kernel) : carry_out(kernel, arguments);
}
