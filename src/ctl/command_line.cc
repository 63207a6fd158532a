#include "ctl/command_line.h"

#include <algorithm>

namespace ashlar::ctl {
namespace {

constexpr std::string_view kJson = "--json";
constexpr std::string_view kHelp = "--help";

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
    "Exit status: 0 done, 1 failed, 2 misused. For the time being only root may call it.\n";

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
  std::string help = "usage: " + usage_of(verb) + (verb.reports ? " [--json]" : "") + "\n\n";
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
  bool json = false;
  bool help = false;
};

// Options stand anywhere; what follows `--` is none, so that a name may begin with a dash.
Result<Split> split(std::span<const std::string_view> arguments) {
  Split split;
  bool options = true;
  for (std::string_view argument : arguments) {
    if (!options || !argument.starts_with('-')) {
      split.words.push_back(argument);
    } else if (argument == "--") {
      options = false;
    } else if (argument == kJson) {
      split.json = true;
    } else if (argument == kHelp || argument == "-h") {
      split.help = true;
    } else {
      return fail_misuse("there is no option " + std::string(argument) + ": ashlarctl knows --json and --help");
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

}  // namespace

std::span<const Verb> verbs() {
  static const std::vector<Verb> kVerbs = {
      {.words = "status",
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
      {.words = "denials",
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
  auto [words, json, help] = TRY(split(arguments));
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
  if (json && !verb->reports) {
    return fail_misuse("--json is for what tells something, and `ashlarctl " + std::string(verb->words) + "` does not");
  }
  return CommandLine{.verb = verb, .operand = expected == 1 ? std::string(words.front()) : std::string(), .json = json};
}

std::vector<std::string> data_arguments(const CommandLine& line) {
  std::vector<std::string> arguments{"data"};
  for (std::string_view word : line.verb->data) arguments.emplace_back(word);
  if (line.json) arguments.emplace_back(kJson);
  if (!line.verb->operand.empty()) arguments.push_back(line.operand);
  return arguments;
}

}  // namespace ashlar::ctl
