// The attacks: each is one function, in a process of its own, that ends with what became of it.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ashlar::live {

// Where it was installed: a file of the verified root.
inline constexpr char kAttackProgram[] = "/usr/lib/ashlar/attack";
// What a program that was made to run ends with, or prints.
inline constexpr int kReached = 42;
inline constexpr char kReachedText[] = "reached-42";
// In the person's home, for programs that have no business with it.
inline constexpr char kLetter[] = "/letter.txt";
inline constexpr char kLetterText[] = "says:dear-diary";

struct Outcome {
  enum class End {
    done,     // it succeeded
    refused,  // at `step`, with `error`
    broken,   // it could not be tried: what it needed was not there
  };
  End end;
  int error = 0;  // errno; 0: who refused did not say
  std::string step;
};
inline Outcome done() { return {Outcome::End::done, 0, {}}; }
inline Outcome refused(std::string_view step, int error = errno) {
  return {Outcome::End::refused, error, std::string(step)};
}
inline Outcome broken(std::string_view step, int error = errno) {
  return {Outcome::End::broken, error, std::string(step)};
}

// What an attack may use.
struct Ground {
  std::string directory = "/tmp";  // where files are put. Programs would run there, where the place is not a service's
  std::string home;                // of the person
  std::string runtime;             // the person's directory below /run
  std::string given;               // files that the host brought
  int key = -1;                    // of root's
  bool bare = false;               // nothing is to be in the way, the browser's flags included
};

using Attack = Outcome (*)(const Ground& ground);
// nullptr: there is none of this name.
Attack attack_of(std::string_view name);

// The parts of that table.
struct NamedAttack {
  std::string_view name;
  Attack run;
};
extern const std::vector<NamedAttack> kBrowserAttacks;
extern const std::vector<NamedAttack> kExecAttacks;
extern const std::vector<NamedAttack> kLoadAttacks;
extern const std::vector<NamedAttack> kMemoryAttacks;
extern const std::vector<NamedAttack> kProcessAttacks;
extern const std::vector<NamedAttack> kScriptAttacks;
extern const std::vector<NamedAttack> kPolicyAttacks;
extern const std::vector<NamedAttack> kKernelAttacks;
extern const std::vector<NamedAttack> kDiskAttacks;
extern const std::vector<NamedAttack> kCosts;

// --- What attacks share (tools.cc).

// Not in a service whose list of system calls has no children: there run() makes this process itself the program.
extern bool may_start_processes;
// Processes that the attack started, from first to last: records of the kernel name them.
extern std::vector<std::pair<pid_t, pid_t>> started_processes;
// All that were started since the latest of them, for a program that starts others.
void add_processes_until_now();

struct Ran {
  int exec_error = 0;  // errno of execve
  int status = 0;      // of waitpid
  std::string said;    // standard output and error
  [[nodiscard]] bool exited_with(int code) const;
  [[nodiscard]] std::string end() const;  // "status 1", "SIGSEGV"
};
struct Program {
  std::string path;
  std::vector<std::string> arguments;  // after its name
  std::vector<std::string> environment;
  std::string input;
  bool at_terminal = false;  // the input is typed at one, instead of coming through a pipe
  int patience = 30'000;     // milliseconds; then it is ended
};
Ran run(const Program& program);
// Executes an open file.
Ran run_descriptor(int file);

// A line for the host, with a sum (line.h), and the last one, which says how many there were before it.
void say(const std::string& text);
void say_end(std::size_t lines);

// The content of a file; empty when it cannot be read.
std::string content_of(const std::string& path);
bool put(const std::string& path, std::string_view content, mode_t mode);
// In one write, as files of the kernel's want it; 0 or -1.
int put_value(const std::string& path, std::string_view value);

// Machine code that returns 42, and calling what lies at an address.
inline constexpr unsigned char kCode[] = {0xb8, kReached, 0, 0, 0, 0xc3};
bool runs(const void* code);
// The same as an outcome, when everything before it was allowed: nothing may be written and run.
Outcome outcome_of_running(const void* code);

// Of a call that would have been carried out, or refused for what it was given: only `errors` count as a denial.
Outcome reached_unless(long result, std::string_view step, std::initializer_list<int> denials);

}  // namespace ashlar::live
