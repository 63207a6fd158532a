#include "init/console_shell.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace ashlar {
namespace {

using namespace std::chrono_literals;

constexpr char kTerminal[] = "/dev/ttyS0";
constexpr auto kShortLife = 2s;
constexpr auto kFirstPause = 1000ms;
constexpr auto kLongestPause = 60'000ms;

// As a person expects it: a program that was killed in the middle of a question leaves it without echo and line ends.
void make_sane(int terminal) {
  termios settings{};
  if (::tcgetattr(terminal, &settings) != 0) return;
  settings.c_iflag |= ICRNL | IXON;
  settings.c_oflag |= OPOST | ONLCR;
  settings.c_lflag |= ISIG | ICANON | ECHO | ECHOE | ECHOK | IEXTEN;
  ::tcsetattr(terminal, TCSANOW, &settings);
}

[[noreturn]] void become_shell() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();
  int terminal = ::open(kTerminal, O_RDWR);
  if (terminal < 0) ::_exit(127);
  make_sane(terminal);
  ::ioctl(terminal, TIOCSCTTY, 1);
  for (int fd = 0; fd < 3; ++fd) ::dup2(terminal, fd);
  if (terminal > 2) ::close(terminal);
  char name[] = "sh";
  char interactive[] = "-i";
  char path[] = "PATH=/usr/sbin:/usr/bin";
  char home[] = "HOME=/";
  char term[] = "TERM=vt220";
  char lang[] = "LANG=C.UTF-8";
  char prompt[] = "PS1=DEV ashlar# ";
  char* arguments[] = {name, interactive, nullptr};
  char* environment[] = {path, home, term, lang, prompt, nullptr};
  ::execve("/bin/sh", arguments, environment);
  ::_exit(127);
}

}  // namespace

int ConsoleShell::keep_running() noexcept {
  if (pid_ > 0) return -1;
  auto now = Clock::now();
  if (now < next_start_) {
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(next_start_ - now).count());
  }
  started_ = now;
  pid_ = ::fork();
  if (pid_ == 0) become_shell();
  if (pid_ > 0) return -1;
  next_start_ = now + kFirstPause;
  return static_cast<int>(kFirstPause.count());
}

void ConsoleShell::has_ended(pid_t child) noexcept {
  if (child != pid_) return;
  pid_ = -1;
  auto now = Clock::now();
  pause_ = now - started_ < kShortLife ? std::min<std::chrono::milliseconds>(2 * pause_, kLongestPause) : kFirstPause;
  next_start_ = now + pause_;
}

}  // namespace ashlar
