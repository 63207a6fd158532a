#include "ctl/command_line.h"

#include <algorithm>
#include <charconv>

namespace ashlar::ctl {
namespace {

constexpr std::string_view kJson = "--json";
constexpr std::string_view kHelp = "--help";
constexpr std::string_view kSvg = "--svg";
constexpr std::string_view kFollow = "--follow";
constexpr std::string_view kBoot = "--boot";

constexpr std::string_view kIntroduction =
    "Tells of this machine and its users, and changes them.\n"
    "\n"
    "usage: ashlarctl [--json] COMMAND [ARGUMENT]\n"
    "       ashlarctl COMMAND --help\n";

constexpr std::string_view kConclusion =
    "\n"
    "  --json  print what is told as JSON, for programs\n"
    "  --help  say what a command does, and do nothing\n"
    "\n"
    "What needs the key of /data, or a password, waits for the next start of the machine, where its keyboard is asked "
    "for\n"
    "them; `ashlarctl data apply` does it at once, with the recovery key.\n"
    "The person of the session may ask for status, service list, status and log (of the session), boot and power; the\n"
    "rest is root's. Exit status: 0 done, 1 failed, 2 misused.\n";

std::string usage_of(const Verb& verb) {
  std::string usage = "ashlarctl " + std::string(verb.words);
  if (!verb.operand.empty()) usage += " " + std::string(verb.operand);
  return usage;
}

bool begins_with_word(std::string_view words, std::string_view group) {
  return words.starts_with(group) && words.size() > group.size() && words[group.size()] == ' ';
}

// A line for each command of a group, or for all of them.
std::string list_of(std::string_view group) {
  std::size_t widest = 0;
  for (const Verb& verb : verbs()) widest = std::max(widest, usage_of(verb).size());
  std::string list;
  for (const Verb& verb : verbs()) {
    if (!group.empty() && !begins_with_word(verb.words, group)) continue;
    std::string usage = usage_of(verb);
    usage.resize(widest + 2, ' ');
    list += "  " + usage + std::string(verb.summary) + "\n";
  }
  return list;
}

std::string help_of(const Verb& verb) {
  std::string help = "usage: " + usage_of(verb);
  if (verb.reports) help += " [--json]";
  if (verb.way == Way::boot) help += " [--svg]";
  if (verb.way == Way::service_log) help += " [--follow | --boot -N]";
  help += "\n\n";
  return help + std::string(verb.help);
}

std::string whole_help() { return std::string(kIntroduction) + "\n" + list_of("") + std::string(kConclusion); }

bool is_group(std::string_view word) {
  return std::ranges::any_of(verbs(), [&](const Verb& c) { return begins_with_word(c.words, word); });
}

const Verb* find(std::string_view words) {
  auto found = std::ranges::find(verbs(), words, &Verb::words);
  return found == verbs().end() ? nullptr : &*found;
}

struct Split {
  std::vector<std::string_view> words;
  CommandLine line;
  bool help = false;
};

// "-1" is the start before this one, "0" this one.
Result<unsigned> boots_ago(std::string_view text) {
  std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  unsigned number = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!is_number || (number != 0 && digits.size() == text.size())) {
    return fail_misuse(
        "--boot is followed by 0, this start of the machine, or -1, the one before it, and so on; not by \"" +
        std::string(text) + "\"");
  }
  return number;
}

// Options stand anywhere; what follows `--` is none, so that a name may begin with a dash.
Result<Split> split(std::span<const std::string_view> arguments) {
  Split split;
  bool options = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (!options || !argument.starts_with('-')) {
      split.words.push_back(argument);
    } else if (argument == "--") {
      options = false;
    } else if (argument == kJson) {
      split.line.json = true;
    } else if (argument == kSvg) {
      split.line.svg = true;
    } else if (argument == kFollow) {
      split.line.follow = true;
    } else if (argument == kBoot) {
      split.line.boots_ago = TRY(boots_ago(++i < arguments.size() ? arguments[i] : ""));
    } else if (argument.starts_with("--boot=")) {
      split.line.boots_ago = TRY(boots_ago(argument.substr(kBoot.size() + 1)));
    } else if (argument == kHelp || argument == "-h") {
      split.help = true;
    } else {
      return fail_misuse("there is no option " + std::string(argument) +
                         ": ashlarctl knows --json and --help, of `boot` --svg, of `service log` --follow and --boot");
    }
  }
  return split;
}

// The command that the first words name; they are taken off.
Result<const Verb*> take_verb(std::vector<std::string_view>& words) {
  std::string named(words.front());
  std::size_t used = 1;
  if (is_group(named) && words.size() > 1) {
    named += " " + std::string(words[1]);
    used = 2;
  }
  const Verb* verb = find(named);
  if (verb == nullptr) {
    std::string_view group = is_group(words.front()) ? words.front() : std::string_view();
    std::string what = group == named ? "`ashlarctl " + named + "` lacks a word" : "there is no command " + named;
    return fail_misuse(what + "; there are\n" + list_of(group));
  }
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(used));
  return verb;
}

// The options that not every command takes.
Status check_options(const CommandLine& line) {
  const Verb& verb = *line.verb;
  const std::string words(verb.words);
  if (line.json && !verb.reports) {
    return fail_misuse("--json is for what tells something, and `ashlarctl " + words + "` does not");
  }
  if (line.svg && verb.way != Way::boot) return fail_misuse("--svg is for `ashlarctl boot`, not for " + words);
  if ((line.follow || line.boots_ago) && verb.way != Way::service_log) {
    return fail_misuse("--follow and --boot are for `ashlarctl service log`, not for " + words);
  }
  if ((line.svg && line.json) || (line.follow && line.boots_ago)) {
    return fail_misuse("of " + std::string(line.svg ? "--svg and --json" : "--follow and --boot") +
                       " only one makes sense");
  }
  return {};
}

}  // namespace

std::span<const Verb> verbs() {
  static const std::vector<Verb> kVerbs = {
      {.words = "status",
       .way = Way::status,
       .reports = true,
       .summary = "this machine: what runs, and how its data is protected",
       .help = "Which Ashlar runs here, whether its system was verified and Secure Boot is on; then everything that\n"
               "`ashlarctl data status` tells.\n"},
      {.words = "data status",
       .data = {"status"},
       .reports = true,
       .summary = "what opens /data, and what would not",
       .help =
           "What opens /data: the recovery key, each user's password together with the TPM. Which firmware and Secure\n"
           "Boot registers (PCRs) were enrolled and whether they are still the same, how many wrong passwords the TPM\n"
           "still takes, which images are retired, what waits for the next start. Asks for no password and changes\n"
           "nothing.\n"},
      {.words = "data expect-change",
       .data = {"queue", "expect-change"},
       .summary = "before a firmware update: the next but one start may differ",
       .help =
           "To be called before the firmware is updated or Secure Boot keys are changed. The next start of the "
           "machine\n"
           "prepares for it; the start after that opens /data with the new firmware, with the same password and\n"
           "without the recovery key, and enrols what it finds. For that one start the TPM does not look at PCR 0, 2\n"
           "and 7. So: call this, restart, enter the password, update the firmware, restart.\n"},
      {.words = "data apply",
       .data = {"apply"},
       .summary = "do now what waits for the next start; asks for the recovery key",
       .help = "Carries out what `user add`, `user remove` and `user passwd` left for the next start. Asks for the "
               "recovery\n"
               "key and for the passwords concerned, on this terminal. /data stays open meanwhile. What `data "
               "expect-change`\n"
               "left takes a start: only there the TPM gives out what is sealed a second time.\n"},
      {.words = "user list",
       .data = {"users"},
       .reports = true,
       .summary = "who has an account here",
       .help = "Account (u1 to u8) and name, a line each. Where /data is closed nobody is known.\n"},
      {.words = "user add",
       .operand = "NAME",
       .data = {"queue", "add-user"},
       .summary = "a new user, from the next start on",
       .help =
           "A new user with a home of their own, which opens with nobody else's password. NAME is what the person is\n"
           "called, 1 to 64 bytes; quote it where it has spaces. The account is the first of u1 to u8 that is free.\n"
           "The password is chosen at the next start.\n"},
      {.words = "user remove",
       .operand = "uN",
       .data = {"queue", "remove-user"},
       .summary = "a user and everything in their home, at the next start",
       .help =
           "Takes the account's password from /data and deletes the home. It cannot be brought back. The next start\n"
           "asks once more before it is done.\n"},
      {.words = "user passwd",
       .operand = "uN",
       .data = {"queue", "change-password"},
       .summary = "a new password, at the next start",
       .help = "The next start asks for the present password and twice for the new one. Until it is whole the old one\n"
               "opens everything.\n"},
      {.words = "home open",
       .operand = "uN",
       .data = {"open-home"},
       .summary = "opens a user's home; asks for the password",
       .help =
           "Makes a home readable that was not opened at the start. Asks for that user's password on this terminal.\n"
           "Every try takes a second or more.\n"},
      {.words = "home close",
       .operand = "uN",
       .data = {"close-home"},
       .summary = "makes a user's home unreadable until it is opened again",
       .help = "Takes the home's key out of memory. Files that a program still has open stay readable to it: that is "
               "said,\n"
               "with exit status 1, and calling this again once they are closed finishes it.\n"},
      {.words = "service list",
       .way = Way::service_list,
       .reports = true,
       .summary = "the services of this system, and what became of them",
       .help = "A line for each service: its state, since when, its main process, how often it was started again, and\n"
               "what it says of itself or why it failed last.\n"},
      {.words = "service status",
       .operand = "NAME",
       .way = Way::service_status,
       .reports = true,
       .summary = "one service: state, times, memory, processes",
       .help = "Everything that is known of one service. Times are counted from the start of the kernel.\n"},
      {.words = "service restart",
       .operand = "NAME",
       .way = Way::service_restart,
       .summary = "ends a service and starts it again; root's",
       .help = "Asks the service to end, makes it end when its time is over, and starts it again; one that is down is\n"
               "started. Earlier failures are forgotten. Returns at once: `service status` tells how it goes on. The\n"
               "session is locked when it is there again.\n"},
      {.words = "service log",
       .operand = "NAME",
       .way = Way::service_log,
       .summary = "what a service wrote; the session's is its person's to read",
       .help =
           "The last 16 KiB of what the service wrote since the machine started, and of what PID 1 said of it. With\n"
           "--follow what comes is printed as it comes, until Ctrl-C. With --boot -1 it is what /data has of the "
           "start\n"
           "before this one, -2 of the one before that; --boot 0 is this one, with times. Where /data is not open, or\n"
           "was not then, nothing is kept.\n"},
      {.words = "boot",
       .way = Way::boot,
       .reports = true,
       .summary = "what the start of this machine took its time for",
       .help = "A timeline from power-on, where the firmware tells, to the session: firmware, boot loader, kernel,\n"
               "initramfs, unlocking, and each service from its start to the moment it was ready. With --svg it is a\n"
               "picture: ashlarctl boot --svg > boot.svg\n"},
      {.words = "power off",
       .way = Way::power_off,
       .summary = "ends everything in order and turns the machine off",
       .help =
           "Asks all services to end, the session first, makes those end that do not, writes everything to /data and\n"
           "closes it. Returns at once.\n"},
      {.words = "power restart",
       .way = Way::power_restart,
       .summary = "ends everything in order and starts the machine again",
       .help = "As `ashlarctl power off`, and then the machine starts again.\n"},
      {.words = "denials",
       .way = Way::denials,
       .reports = true,
       .summary = "what the kernel denied since the machine started, and why",
       .help =
           "A sentence for each denial in the kernel's log: who wanted what, which layer denied it (IPE, SELinux,\n"
           "Landlock, seccomp, lockdown, Yama) and by which rule. Equal ones are counted. The log keeps the latest\n"
           "records, and of many in a few seconds only the first. Not every layer writes one: noexec, a read-only\n"
           "mount, a missing capability and memory that may not become executable are refused without a word.\n"},
  };
  return kVerbs;
}

Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments) {
  auto [words, line, help] = TRY(split(arguments));
  if (words.empty()) {
    if (help) return CommandLine{.help = whole_help()};
    return fail_misuse("a command is missing; there are\n" + list_of(""));
  }
  if (help && words.size() == 1 && is_group(words.front())) {
    return CommandLine{.help =
                           "usage: ashlarctl " + std::string(words.front()) + " COMMAND\n\n" + list_of(words.front())};
  }
  const Verb* verb = TRY(take_verb(words));
  if (help) return CommandLine{.verb = verb, .help = help_of(*verb)};

  const std::size_t expected = verb->operand.empty() ? 0 : 1;
  if (words.size() < expected) {
    return fail_misuse(std::string(verb->operand) + " is missing: " + usage_of(*verb));
  }
  if (words.size() > expected) {
    return fail_misuse("\"" + std::string(words[expected]) + "\" is one word too many: " + usage_of(*verb) +
                       (expected == 1 ? "; a name with spaces stands in quotes" : ""));
  }
  line.verb = verb;
  if (expected == 1) line.operand = words.front();
  TRY(check_options(line));
  return std::move(line);
}

std::vector<std::string> data_arguments(const CommandLine& line) {
  std::vector<std::string> arguments{"data"};
  for (std::string_view word : line.verb->data) arguments.emplace_back(word);
  if (line.json) arguments.emplace_back(kJson);
  if (!line.verb->operand.empty()) arguments.push_back(line.operand);
  return arguments;
}

}  // namespace ashlar::ctl
