// Running other programs: an argument list, never a shell line; output collected or passed line by line.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace ashlar {

struct Command {
  std::vector<std::string> argv;                        // argv[0] is looked up in PATH
  std::optional<std::vector<std::string>> environment;  // "NAME=value"; the caller's own when absent
  fs::path directory;                                   // the caller's own when empty
  std::string input;                                    // standard input; empty reads as end of file
  std::function<void(std::string_view)> on_line;        // each line of standard output and error as it comes
  bool interactive = false;                             // keeps the caller's terminal instead of all of the above
};

struct CommandOutput {
  int exit_status = 0;  // 128 + signal when a signal ended it, as shells count
  std::string out;      // standard output
  std::string err;      // standard error
};

// Runs to the end. An error only when the program could not be started.
Result<CommandOutput> run(const Command& command);
// Runs to the end and returns standard output; an exit status other than 0 is an error that quotes the last lines
// the program wrote.
Result<std::string> run_checked(const Command& command);

struct ProcessOptions {
  // `bound`: gets SIGTERM when the thread that started it ends, and is left out of the terminal's Ctrl-C, because its
  // owner ends it in order.
  enum class Lifetime { own, bound };
  std::vector<int> inherit;  // descriptors that stay open in the program under the same numbers
  Lifetime lifetime = Lifetime::own;
};

// A program running beside this one. Destroying it ends the program: SIGTERM, then after two seconds SIGKILL.
class Process {
 public:
  // Standard input is /dev/null; output and error go to `output` (a descriptor that stays the caller's).
  static Result<Process> start(const std::vector<std::string>& argv, const Fd& output,
                               const ProcessOptions& options = {});
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&& other) noexcept;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // The exit status if it has ended, nullopt while it runs.
  std::optional<int> poll();
  void terminate();

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
  std::optional<int> status_;
};

// Where `name` lies in PATH; an error that says which host package has it is the caller's to make.
std::optional<fs::path> find_program(std::string_view name);

}  // namespace ashlar
