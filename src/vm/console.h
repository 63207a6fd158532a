// The serial console of the dev variant, as a tool answers it: the questions of the unlocking program, and the root
// shell behind them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vm/machine.h"

namespace ashlar::vm {

inline constexpr char kShellPrompt[] = "DEV ashlar# ";

// For a start of the machine: long enough for emulation on a busy host; a wait ends at its event, not here.
inline constexpr auto kBootLimit = std::chrono::minutes(8);

// What a person would see of one question.
struct Asked {
  std::vector<std::string> lines;  // everything said since the last answer
  std::string label;               // "Password"; kShellPrompt at the shell; empty when the machine ended or restarted
  [[nodiscard]] bool at_shell() const { return label == kShellPrompt; }
  // Whether a line contains it.
  [[nodiscard]] bool says(std::string_view part) const;
  // Of a list to choose from: the number of the option that contains `part`, nullopt when none does.
  [[nodiscard]] std::optional<unsigned> option(std::string_view part) const;
  [[nodiscard]] std::string text() const;  // all of it, for messages
};

// What `sha256sum <FILE; base64 <FILE` printed, the echo before it: the file's content, or nothing when the sum is not
// its own.
std::optional<Bytes> printed_file(std::string_view said);

class Console {
 public:
  explicit Console(Machine& machine) : machine_(&machine) {}

  // Waits for the next question, or the shell's prompt. Ends with an empty label when the machine ended or was reset.
  Result<Asked> next_question(Milliseconds limit);
  // Enter follows. The question counts as answered at once: what is asked next is another one, however slowly it comes.
  Status answer(std::string_view text);
  // The question was, or will be, answered by keyboard: what is asked next is another one.
  Status forget();
  // Leaves the question, as Esc does.
  Status leave();
  // Chooses the option that contains `part`.
  Status choose(const Asked& asked, std::string_view part);

  // At the shell: what a command prints, with the echo before it and without the prompt.
  Result<std::string> run(const std::string& command, Milliseconds limit = std::chrono::seconds(60));
  // At the shell: a file that everybody may read, in lines short enough for a terminal.
  Status write_file(const std::string& path, ByteView content);
  // At the shell: a file's content, asked for again until it is whole: what else is said on a console gets between.
  Result<Bytes> read_file(const std::string& path);

 private:
  Status type_answer(std::string_view typed);
  Machine* machine_;
};

}  // namespace ashlar::vm
