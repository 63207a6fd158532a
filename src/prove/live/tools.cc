#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/fd.h"
#include "base/monotonic.h"
#include "prove/live/attack.h"
#include "prove/live/line.h"

namespace ashlar::live {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::array<Fd, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  return {Fd(ends[0]), Fd(ends[1])};
}

std::string read_until_end(const Fd& from, pid_t child, int patience) {
  std::string text;
  std::array<char, 4096> part{};
  for (const auto end = monotonic_now() + std::chrono::milliseconds(patience);;) {
    pollfd ready = {from.get(), POLLIN, 0};
    const auto left = std::max<std::int64_t>((end - monotonic_now()).count(), 0);
    if (::poll(&ready, 1, static_cast<int>(left)) <= 0) {
      ::kill(child, SIGKILL);
      return text;
    }
    ssize_t size = ::read(from.get(), part.data(), part.size());
    if (size <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(size));
  }
}

// The end that is read from, and the one that is typed into.
std::array<Fd, 2> make_terminal() {
  Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 64> name{};
  if (!master.valid() || ::unlockpt(master.get()) != 0 || ::ptsname_r(master.get(), name.data(), name.size()) != 0) {
    return {};
  }
  Fd terminal(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  return {std::move(terminal), std::move(master)};
}

// What the child does between fork and exec; `execute` comes back only with an error.
template <typename Execute>
Ran start(const std::string& input, bool at_terminal, int patience, Execute execute) {
  auto [said_read, said_write] = make_pipe();
  auto [error_read, error_write] = make_pipe();
  auto [input_read, input_write] = at_terminal ? make_terminal() : make_pipe();
  Ran ran;
  if (!said_read.valid() || !error_read.valid() || !input_read.valid()) {
    ran.exec_error = errno;
    return ran;
  }
  if (!may_start_processes) {
    execute();
    ran.exec_error = errno;
    return ran;
  }
  pid_t child = ::fork();
  if (child == 0) {
    if (at_terminal) {
      ::setsid();
      ::ioctl(input_read.get(), TIOCSCTTY, 0);
    }
    ::dup2(input_read.get(), STDIN_FILENO);
    ::dup2(said_write.get(), STDOUT_FILENO);
    ::dup2(said_write.get(), STDERR_FILENO);
    execute();
    int error = errno;
    std::ignore = ::write(error_write.get(), &error, sizeof error);
    ::_exit(127);
  }
  if (child < 0) {
    ran.exec_error = errno;
    return ran;
  }
  started_processes.emplace_back(child, child);
  error_write = {};
  said_write = {};
  input_read = {};
  std::ignore = write_all(input_write, as_bytes(input));
  if (!at_terminal) input_write = {};  // a terminal that is gone would end the program
  if (::read(error_read.get(), &ran.exec_error, sizeof ran.exec_error) <= 0) ran.exec_error = 0;
  ran.said = read_until_end(said_read, child, patience);
  ::waitpid(child, &ran.status, 0);
  return ran;
}

}  // namespace

bool may_start_processes = true;
std::vector<std::pair<pid_t, pid_t>> started_processes;

void add_processes_until_now() {
  pid_t now = ::fork();
  if (now == 0) ::_exit(0);
  if (now < 0) return;
  ::waitpid(now, nullptr, 0);
  if (!started_processes.empty() && now > started_processes.back().second) started_processes.back().second = now;
}

std::string Ran::end() const {
  if (!WIFSIGNALED(status)) return "status " + std::to_string(WEXITSTATUS(status));
  const char* signal = ::sigabbrev_np(WTERMSIG(status));
  return "SIG" + std::string(signal == nullptr ? "?" : signal);
}
bool Ran::exited_with(int code) const { return exec_error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == code; }

Ran run(const Program& program) {
  std::vector<std::string> arguments = program.arguments;
  arguments.insert(arguments.begin(), program.path);
  std::vector<std::string> environment = program.environment;
  environment.emplace_back("PATH=/usr/sbin:/usr/bin");
  std::vector<char*> argv = pointers_to(arguments);
  std::vector<char*> envp = pointers_to(environment);
  return start(program.input, program.at_terminal, program.patience,
               [&] { ::execve(program.path.c_str(), argv.data(), envp.data()); });
}

Ran run_descriptor(int file) {
  std::vector<std::string> arguments = {"program", "payload"};
  std::vector<char*> argv = pointers_to(arguments);
  char* environment[] = {nullptr};
  return start("", false, Program{}.patience, [&] { ::execveat(file, "", argv.data(), environment, AT_EMPTY_PATH); });
}

void say(const std::string& text) {
  std::printf("%s\n", with_sum(text).c_str());
  std::fflush(stdout);
}
void say_end(std::size_t lines) { say("end: " + std::to_string(lines)); }

std::string content_of(const std::string& path) { return read_text(path).value_or(""); }

bool put(const std::string& path, std::string_view content, mode_t mode) {
  Result<Fd> file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  return file && write_all(*file, as_bytes(content)).has_value();
}

int put_value(const std::string& path, std::string_view value) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return -1;
  return ::write(file.get(), value.data(), value.size()) < 0 ? -1 : 0;
}

// No function of this program's: control-flow integrity would end it here.
__attribute__((noinline, no_sanitize("cfi-icall"))) bool runs(const void* code) {
  return reinterpret_cast<int (*)()>(reinterpret_cast<std::uintptr_t>(code))() == kReached;
}

Outcome outcome_of_running(const void* code) {
  return runs(code) ? done() : broken("the code ran and did not return 42", 0);
}

Outcome reached_unless(long result, std::string_view step, std::initializer_list<int> denials) {
  if (result >= 0 || std::ranges::find(denials, errno) == denials.end()) return done();
  return refused(step);
}

}  // namespace ashlar::live
