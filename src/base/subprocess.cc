#include "base/subprocess.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/interrupt.h"

namespace ashlar {
namespace {

struct Pipe {
  Fd read_end;
  Fd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& text : strings) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

int shell_status(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

Result<int> wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("wait");
  }
  return shell_status(status);
}

// What the child does between fork and exec: only async-signal-safe calls. -1 keeps the caller's descriptor.
struct ChildSetup {
  std::vector<char*> argv;
  std::vector<char*> environment;  // empty: the caller's
  const char* directory = nullptr;
  int in = -1;
  int out = -1;
  int err = -1;
  std::vector<int> inherit;
  bool bound = false;
  pid_t parent = ::getpid();
};

// The rest of what ProcessOptions ask for, in the child.
bool apply_options(const ChildSetup& setup) {
  for (int fd : setup.inherit) {
    if (::fcntl(fd, F_SETFD, 0) != 0) return false;
  }
  if (!setup.bound) return true;
  sigset_t none;
  ::sigemptyset(&none);
  if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0 || ::setpgid(0, 0) != 0) return false;
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return false;
  return ::getppid() == setup.parent;  // it may have ended before we asked to be told
}

// Returns the child's pid once exec has succeeded; exec's errno comes back through a close-on-exec pipe.
Result<pid_t> spawn(const ChildSetup& setup) {
  Pipe failure = TRY(make_pipe());
  pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) {
    bool ready = (setup.in < 0 || ::dup2(setup.in, STDIN_FILENO) >= 0) &&
                 (setup.out < 0 || ::dup2(setup.out, STDOUT_FILENO) >= 0) &&
                 (setup.err < 0 || ::dup2(setup.err, STDERR_FILENO) >= 0) &&
                 (setup.directory == nullptr || ::chdir(setup.directory) == 0) && apply_options(setup);
    if (ready) {
      char** environment = setup.environment.empty() ? environ : const_cast<char**>(setup.environment.data());
      ::execvpe(setup.argv[0], setup.argv.data(), environment);
    }
    int code = errno;
    [[maybe_unused]] ssize_t told = ::write(failure.write_end.get(), &code, sizeof code);
    ::_exit(127);
  }
  failure.write_end = Fd();
  int code = 0;
  ssize_t got = 0;
  while ((got = ::read(failure.read_end.get(), &code, sizeof code)) < 0 && errno == EINTR) {
  }
  if (got == sizeof code) {
    TRY(wait_for(pid));
    return fail_errno(std::string("start ") + setup.argv[0], code);
  }
  return pid;
}

// Hands out complete lines of what was collected since the last call.
void emit_lines(std::string& pending, const std::function<void(std::string_view)>& on_line, bool at_end) {
  std::size_t start = 0;
  for (std::size_t newline; (newline = pending.find('\n', start)) != std::string::npos; start = newline + 1) {
    on_line(std::string_view(pending).substr(start, newline - start));
  }
  if (at_end && start < pending.size()) {
    on_line(std::string_view(pending).substr(start));
    start = pending.size();
  }
  pending.erase(0, start);
}

}  // namespace

Result<CommandOutput> run(const Command& command) {
  ChildSetup setup;
  setup.argv = pointers(command.argv);
  if (command.environment) setup.environment = pointers(*command.environment);
  if (!command.directory.empty()) setup.directory = command.directory.c_str();

  CommandOutput result;
  if (command.interactive) {
    result.exit_status = TRY(wait_for(TRY(spawn(setup))));
    return result;
  }

  Pipe in = TRY(make_pipe());
  Pipe out = TRY(make_pipe());
  Pipe err = TRY(make_pipe());
  setup.in = in.read_end.get();
  setup.out = out.write_end.get();
  setup.err = err.write_end.get();
  pid_t pid = TRY(spawn(setup));
  in.read_end = Fd();
  out.write_end = Fd();
  err.write_end = Fd();
  if (command.input.empty()) {
    in.write_end = Fd();
  } else if (::fcntl(in.write_end.get(), F_SETFL, O_NONBLOCK) != 0) {  // both sides could wait for each other for ever
    return fail_errno("fcntl");
  }

  struct Stream {
    Fd* fd;
    std::string* text;
    std::string pending;
  };
  std::array<Stream, 2> streams = {Stream{&out.read_end, &result.out, {}}, Stream{&err.read_end, &result.err, {}}};
  std::size_t sent = 0;
  std::array<char, 65536> buffer{};
  // A program that stops reading early must not end us with SIGPIPE.
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  while (out.read_end.valid() || err.read_end.valid() || in.write_end.valid()) {
    std::array<pollfd, 3> polled = {pollfd{out.read_end.get(), POLLIN, 0}, pollfd{err.read_end.get(), POLLIN, 0},
                                    pollfd{in.write_end.get(), POLLOUT, 0}};
    if (Status go_on = check_interrupted(); !go_on) {
      ::kill(pid, SIGTERM);
      TRY(wait_for(pid));
      return std::unexpected(std::move(go_on).error());
    }
    // The time-out is for an interrupt that came just before the wait.
    if (::poll(polled.data(), polled.size(), 500) < 0) {
      if (errno == EINTR) continue;
      return fail_errno("poll");
    }
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (polled[i].revents == 0) continue;
      ssize_t got = ::read(polled[i].fd, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      bool ended = got <= 0;
      if (!ended) streams[i].text->append(buffer.data(), static_cast<std::size_t>(got));
      if (command.on_line) {
        if (!ended) streams[i].pending.append(buffer.data(), static_cast<std::size_t>(got));
        emit_lines(streams[i].pending, command.on_line, ended);
      }
      if (ended) *streams[i].fd = Fd();
    }
    if (polled[2].revents != 0) {
      ssize_t written = ::write(polled[2].fd, command.input.data() + sent, command.input.size() - sent);
      if (written > 0) sent += static_cast<std::size_t>(written);
      if (sent == command.input.size() || (written < 0 && errno != EINTR && errno != EAGAIN)) in.write_end = Fd();
    }
  }
  ::sigaction(SIGPIPE, &before, nullptr);
  result.exit_status = TRY(wait_for(pid));
  return result;
}

Result<std::string> run_checked(const Command& command) {
  CommandOutput output = TRY(run(command));
  if (output.exit_status == 0) return std::move(output.out);
  TRY(check_interrupted());  // a terminal's Ctrl-C ends the command as well: that is no failure of its own
  constexpr std::size_t kQuoted = 2000;
  const std::string& said = output.err.empty() ? output.out : output.err;
  return fail(command.argv[0] + " ended with status " + std::to_string(output.exit_status) + ":\n" +
              said.substr(said.size() > kQuoted ? said.size() - kQuoted : 0));
}

Result<Process> Process::start(const std::vector<std::string>& argv, const Fd& output, const ProcessOptions& options) {
  Fd nothing = TRY(open_file("/dev/null", O_RDONLY));
  ChildSetup setup;
  setup.argv = pointers(argv);
  setup.in = nothing.get();
  setup.out = output.get();
  setup.err = output.get();
  setup.inherit = options.inherit;
  setup.bound = options.lifetime == ProcessOptions::Lifetime::bound;
  return Process(TRY(spawn(setup)));
}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    terminate();
    pid_ = std::exchange(other.pid_, -1);
    status_ = other.status_;
  }
  return *this;
}

Process::~Process() { terminate(); }

std::optional<int> Process::poll() {
  if (status_ || pid_ < 0) return status_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = shell_status(status);
  return status_;
}

void Process::terminate() {
  if (pid_ < 0 || poll()) return;
  ::kill(pid_, SIGTERM);
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (!poll() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (poll()) return;
  ::kill(pid_, SIGKILL);
  if (Result<int> ended = wait_for(pid_)) status_ = *ended;
}

std::optional<fs::path> find_program(std::string_view name) {
  const char* variable = std::getenv("PATH");
  std::string_view path = variable != nullptr ? variable : "/usr/bin:/bin";
  while (!path.empty()) {
    std::size_t colon = std::min(path.find(':'), path.size());
    fs::path candidate = fs::path(path.substr(0, colon)) / name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    path.remove_prefix(std::min(colon + 1, path.size()));
  }
  return std::nullopt;
}

}  // namespace ashlar
