// What can be typed after `ashlarctl`: one table, from which the help is made and by which arguments are read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::ctl {

struct Verb {
  std::string_view words;    // "user add"
  std::string_view operand;  // "NAME"; empty: it takes none
  // Words for the unlocking program, which does the work; the operand follows. Empty: `status`, which asks twice, and
  // `denials`.
  std::vector<std::string_view> data;
  bool reports = false;      // --json makes sense
  std::string_view summary;  // in a few words
  std::string_view help;     // whole sentences, broken into lines
};
std::span<const Verb> verbs();

// One call, understood.
struct CommandLine {
  const Verb* verb = nullptr;  // of verbs(); nullptr where only help is wanted
  std::string operand;
  bool json = false;
  std::string help;  // to be printed instead of doing anything, where it is not empty
};

// `arguments`: without the program's name. Errors are misuse, and say what would have been right.
Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments);

// Arguments of the unlocking program, its name first.
std::vector<std::string> data_arguments(const CommandLine& line);

}  // namespace ashlar::ctl
