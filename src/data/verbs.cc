#include "data/verbs.h"

#include <algorithm>

#include "data/apply_verb.h"
#include "data/boot_good.h"
#include "data/console_prompter.h"
#include "data/home_verbs.h"
#include "data/queue_verb.h"
#include "data/status_gathering.h"
#include "data/terminal_console.h"

namespace ashlar {
namespace {

using Arguments = std::span<const std::string_view>;
using Output = Result<std::string>;

struct Verb {
  std::string_view name;
  std::string_view usage;  // what follows the name
  std::string_view what;
  std::size_t least;  // arguments
  std::size_t most;
  Output (*run)(Arguments, VerbMachine&);
};

// The one optional argument.
Result<bool> wants_json(Arguments arguments) {
  if (arguments.empty()) return false;
  if (arguments.front() == "--json") return true;
  return fail_misuse("\"" + std::string(arguments.front()) + "\" is not known here; --json is");
}

Result<unsigned> user_of(std::string_view argument) {
  Result<unsigned> user = parse_account_name(argument);
  if (!user) return fail_misuse("\"" + std::string(argument) + "\" is no account: there are u1 to u8");
  return user;
}

Output status(Arguments arguments, VerbMachine& machine) {
  const bool json = TRY(wants_json(arguments));
  DataStatus status = TRY(gather_status(machine.storage, machine.tpm, machine.image));
  return json ? status_json(status) : status_text(status);
}

Output users(Arguments arguments, VerbMachine& machine) {
  return TRY(wants_json(arguments)) ? users_json(machine.storage) : users_text(machine.storage);
}

Output queue(Arguments arguments, VerbMachine& machine) {
  Request request = TRY(parse_queue_arguments(arguments));
  return queue_request(machine.storage, request);
}

Output apply(Arguments, VerbMachine& machine) {
  std::unique_ptr<Prompter> terminal = TRY(machine.terminal());
  Turn turn{.prompter = *terminal,
            .storage = machine.storage,
            .tpm = std::move(machine.tpm),
            .image = machine.image,
            .calibrate = machine.calibrate,
            .log = machine.log};
  TRY(apply_requests(turn));
  return "";
}

Output open(Arguments arguments, VerbMachine& machine) {
  unsigned user = TRY(user_of(arguments.front()));
  std::unique_ptr<Prompter> terminal = TRY(machine.terminal());
  TRY(open_home(machine.storage, *terminal, user));
  return "the home of " + account_name(user) + " is open\n";
}

Output close(Arguments arguments, VerbMachine& machine) {
  unsigned user = TRY(user_of(arguments.front()));
  TRY(close_home(machine.storage, user));
  return "the home of " + account_name(user) + " is closed\n";
}

Output boot_good(Arguments, VerbMachine& machine) {
  return TRY(mark_boot_good(machine.storage, machine.tpm, machine.image)) + "\n";
}

constexpr Verb kVerbs[] = {
    {"status", " [--json]", "what opens /data, and what would not", 0, 1, status},
    {"users", " [--json]", "who has an account here", 0, 1, users},
    {"queue", " REQUEST [ARGUMENT]", "leaves something for the next start", 0, 2, queue},
    {"apply", "", "does now what waits, with the recovery key", 0, 0, apply},
    {"open-home", " uN", "opens a home, with its user's password", 1, 1, open},
    {"close-home", " uN", "closes a home", 1, 1, close},
    {"boot-good", "", "this image works: older epochs are retired", 0, 0, boot_good},
};

std::string help() {
  std::string text =
      "The program that unlocks /data. Without an argument it takes its turn of a boot, once, under PID 1.\n"
      "`ashlarctl` is the way to the rest:\n\n";
  for (const Verb& verb : kVerbs) {
    std::string usage = "  data " + std::string(verb.name) + std::string(verb.usage);
    usage.resize(std::max<std::size_t>(usage.size() + 2, 34), ' ');
    text += usage + std::string(verb.what) + "\n";
  }
  return text;
}

}  // namespace

Output carry_out_verb(Arguments arguments, VerbMachine& machine) {
  if (arguments.front() == "--help") return help();
  auto verb = std::ranges::find(kVerbs, arguments.front(), &Verb::name);
  if (verb == std::end(kVerbs)) {
    return fail_misuse("\"" + std::string(arguments.front()) + "\" is no verb; `data --help` lists them");
  }
  Arguments rest = arguments.subspan(1);
  if (rest.size() < verb->least || rest.size() > verb->most) {
    return fail_misuse("usage: data " + std::string(verb->name) + std::string(verb->usage));
  }
  return verb->run(rest, machine);
}

Result<std::unique_ptr<Prompter>> callers_terminal() {
  Result<TerminalConsole> terminal = TerminalConsole::open("/dev/tty");
  if (!terminal) {
    return fail("there is no terminal to ask on: " + terminal.error().message() + "; call it from a terminal");
  }
  std::vector<std::unique_ptr<Console>> consoles;
  consoles.push_back(std::make_unique<TerminalConsole>(std::move(*terminal)));
  return std::make_unique<ConsolePrompter>(std::move(consoles));
}

}  // namespace ashlar
