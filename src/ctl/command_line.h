// What can be typed after `ashlarctl`: one table, from which the help is made and by which arguments are read.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::ctl {

// Who does what is asked for.
enum class Way : std::uint8_t {
  data,  // the unlocking program
  status,
  denials,  // of the kernel's log
  service_list,
  service_status,
  service_restart,
  service_log,
  boot,
  power_off,
  power_restart,
};

struct Verb {
  std::string_view words;    // "user add"
  std::string_view operand;  // "NAME"; empty: it takes none
  Way way = Way::data;
  std::vector<std::string_view> data;  // words for the unlocking program, before the operand
  bool reports = false;                // --json makes sense
  std::string_view summary;            // in a few words
  std::string_view help;               // whole sentences, broken into lines
};
std::span<const Verb> verbs();

// One call, understood.
struct CommandLine {
  const Verb* verb = nullptr;  // of verbs(); nullptr where only help is wanted
  std::string operand;
  bool json = false;
  bool svg = false;                   // of `boot`
  bool follow = false;                // of `service log`
  std::optional<unsigned> boots_ago;  // the same; 0 is this one
  std::string help;                   // to be printed instead of doing anything, where it is not empty
};

// `arguments`: without the program's name. Errors are misuse, and say what would have been right.
Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments);

// Arguments of the unlocking program, its name first.
std::vector<std::string> data_arguments(const CommandLine& line);

}  // namespace ashlar::ctl
