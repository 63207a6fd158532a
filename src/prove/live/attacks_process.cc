// Other processes, other people's keys and terminals, namespaces.
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <tuple>

#include "base/packet_socket.h"
#include "prove/live/attack.h"
#include "session/login_protocol.h"

namespace ashlar::live {
namespace {

// A process of the same user that is not below this one: its parent has ended.
pid_t start_stranger() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return -1;
  Fd read(ends[0]);
  Fd write(ends[1]);
  pid_t between = ::fork();
  if (between == 0) {
    pid_t stranger = ::fork();
    if (stranger == 0) {
      ::alarm(10);
      for (;;) ::pause();
    }
    std::ignore = ::write(write.get(), &stranger, sizeof stranger);
    ::_exit(0);
  }
  pid_t stranger = -1;
  if (between < 0 || ::read(read.get(), &stranger, sizeof stranger) != sizeof stranger) return -1;
  ::waitpid(between, nullptr, 0);
  return stranger;
}

Outcome trace_other(const Ground&) {
  pid_t stranger = start_stranger();
  if (stranger <= 0) return broken("start a process");
  long result = ::ptrace(PTRACE_SEIZE, stranger, nullptr, nullptr);
  int error = errno;
  ::kill(stranger, SIGKILL);
  return result == 0 ? done() : refused("PTRACE_SEIZE", error);
}

Outcome user_namespace(const Ground&) { return ::unshare(CLONE_NEWUSER) == 0 ? done() : refused("unshare"); }

Outcome mount_in_namespace(const Ground&) {
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return refused("unshare");
  return ::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr) == 0 ? done() : refused("mount");
}

Outcome push_input(const Ground&) {
  Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master.valid() || ::unlockpt(master.get()) != 0) return broken("open a terminal");
  std::array<char, 64> name{};
  if (::ptsname_r(master.get(), name.data(), name.size()) != 0) return broken("name the terminal");
  ::signal(SIGHUP, SIG_IGN);  // of the terminal, when this is over
  ::setsid();
  Fd terminal(::open(name.data(), O_RDWR));
  if (!terminal.valid()) return broken("open the terminal");
  if (::ioctl(terminal.get(), TIOCSCTTY, 0) != 0 && errno != EPERM) return broken("take the terminal");
  return ::ioctl(terminal.get(), TIOCSTI, "x") == 0 ? done() : refused("TIOCSTI");
}

Outcome read_key(const Ground& ground) {
  std::array<char, 64> content{};
  if (ground.key < 0) return broken("there is no key", 0);
  return ::syscall(SYS_keyctl, KEYCTL_READ, ground.key, content.data(), content.size(), 0) >= 0
             ? done()
             : refused("KEYCTL_READ");
}

// Who asks there finds out whether a password is its user's.
Outcome ask_login(const Ground&) {
  Result<Fd> socket = connect_for_packets(kLoginSocket);
  return socket ? done() : refused("connect", socket.error().code());
}

// What is typed, whoever it is meant for.
Outcome read_keyboard(const Ground&) {
  return Fd(::open("/dev/input/event0", O_RDONLY | O_CLOEXEC)).valid() ? done() : refused("open");
}
Outcome open_tpm(const Ground&) {
  return Fd(::open("/dev/tpmrm0", O_RDWR | O_CLOEXEC)).valid() ? done() : refused("open");
}

// To what it is: nothing changes where it is allowed.
Outcome set_time(const Ground&) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return ::clock_settime(CLOCK_REALTIME, &now) == 0 ? done() : refused("clock_settime");
}

Outcome call_answers(const Ground&) { return ::syscall(SYS_getpid) > 0 ? done() : refused("getpid"); }
Outcome unix_socket(const Ground&) {
  return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)).valid() ? done() : refused("socket");
}

}  // namespace

const std::vector<NamedAttack> kProcessAttacks = {
    {"trace.other", trace_other},
    {"user.namespace", user_namespace},
    {"user.mount", mount_in_namespace},
    {"user.tiocsti", push_input},
    {"user.key", read_key},
    {"user.settime", set_time},
    {"user.login", ask_login},
    {"device.input", read_keyboard},
    {"device.tpm", open_tpm},
    {"call.answers", call_answers},
    {"socket.unix", unix_socket},
};

}  // namespace ashlar::live
