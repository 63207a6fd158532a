#include "vm/terminal.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>

#include "base/log.h"

namespace ashlar::vm {
namespace {

constexpr char kLeave = '\x1d';  // Ctrl-]

// Keys come one by one, and Ctrl-C is the guest's. The old settings come back whatever happens.
class RawTerminal {
 public:
  RawTerminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    is_terminal_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  ~RawTerminal() {
    if (is_terminal_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  [[nodiscard]] bool is_terminal() const { return is_terminal_; }

 private:
  termios before_{};
  bool is_terminal_ = false;
};

Status show(std::string_view text) {
  while (!text.empty()) {
    ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("write the console to standard output");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

bool readable(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0;
}

}  // namespace

Status pass_console_through(Machine& machine) {
  if (::isatty(STDIN_FILENO) == 1) log::info("the machine's serial console; Ctrl-] ends it");
  RawTerminal terminal;
  int input = STDIN_FILENO;
  std::array<char, 4096> buffer{};
  for (;;) {
    std::string said = TRY(machine.read_serial(std::chrono::seconds(1), input));
    TRY(show(said));
    if (said.empty() && machine.status().phase == Phase::ended) return {};
    if (input < 0 || !readable(input)) continue;
    ssize_t got = ::read(input, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      input = -1;
      continue;
    }
    std::string_view typed(buffer.data(), static_cast<std::size_t>(got));
    std::size_t leave = terminal.is_terminal() ? typed.find(kLeave) : typed.npos;
    TRY(machine.type_serial(typed.substr(0, leave)));
    if (leave != typed.npos) return machine.quit();
  }
}

}  // namespace ashlar::vm
