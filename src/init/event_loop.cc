#include "init/event_loop.h"

#include <linux/input.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "base/monotonic.h"
#include "init/console_shell.h"
#include "init/unlocking.h"
#include "sys/failure.h"
#include "sys/release.h"

namespace ashlar {
namespace {

constexpr int kSpinBrake = 100;  // milliseconds, when waiting itself fails

// ACPI's power button, not a key of a keyboard: what is plugged in must not turn the machine off.
bool is_power_button(const Fd& device) {
  input_id id{};
  std::array<unsigned char, KEY_CNT / 8> keys{};
  return ::ioctl(device.get(), EVIOCGID, &id) >= 0 && id.bustype == BUS_HOST &&
         ::ioctl(device.get(), EVIOCGBIT(EV_KEY, keys.size()), keys.data()) >= 0 &&
         (keys[KEY_POWER / 8] >> (KEY_POWER % 8) & 1) != 0;
}

std::vector<Fd> power_buttons() {
  std::vector<Fd> buttons;
  std::error_code none;
  for (fs::directory_iterator it("/dev/input", none), end; !none && it != end; it.increment(none)) {
    if (!it->path().filename().string().starts_with("event")) continue;
    Result<Fd> device = open_file(it->path(), O_RDONLY | O_NONBLOCK);
    if (device && is_power_button(*device)) buttons.push_back(std::move(*device));
  }
  return buttons;
}

bool was_pressed(const Fd& button) {
  input_event event{};
  while (::read(button.get(), &event, sizeof event) == sizeof event) {
    if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1) return true;
  }
  return false;
}

// Of two times to wait, -1 being without end.
int sooner(int one, int other) { return one < 0 ? other : other < 0 ? one : std::min(one, other); }

Status watch(const Fd& epoll, const Fd& fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd.get();
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) return fail_errno("epoll_ctl");
  return {};
}

}  // namespace

Result<EventLoop> EventLoop::create(const Fd& services, const Fd& control) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGCHLD, SIGTERM, SIGINT, SIGUSR2}) sigaddset(&set, signal);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("block signals");
  Fd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.valid()) return fail_errno("signalfd");
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail_errno("epoll_create");
  TRY(watch(epoll, signals));
  TRY(watch(epoll, services));
  TRY(watch(epoll, control));
  std::vector<Fd> buttons = power_buttons();
  for (const Fd& button : buttons) TRY(watch(epoll, button));
  return EventLoop(std::move(epoll), std::move(signals), std::move(buttons));
}

std::optional<PowerState> EventLoop::wanted() const {
  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT) return PowerState::restart;
    if (signal.ssi_signo == SIGUSR2) return PowerState::off;
  }
  for (const Fd& button : buttons_) {
    if (was_pressed(button)) return PowerState::off;
  }
  return std::nullopt;
}

PowerState EventLoop::run(Kernel& kernel, const MachineState& state, Supervisor& supervisor, ControlServer& server,
                          BootPhases& phases) noexcept {
  [[maybe_unused]] ConsoleShell shell;
  Unlocking unlocking(state);
  Control control(supervisor, phases);
  std::optional<PowerState> leaving;
  phases.begin("unlocking", monotonic_now());
  if (Status begun = unlocking.begin(kernel); !begun) give_up(kernel, begun.error());
  for (;;) {
    if (unlocking.over()) phases.end(monotonic_now());
    if (unlocking.admits()) supervisor.begin(unlocking.session_owner(), unlocking.data_is_open());
    int patience = sooner(supervisor.patience(), server.patience(monotonic_now()));
    if constexpr (kDev) patience = sooner(patience, unlocking.over() ? shell.keep_running() : -1);

    std::array<epoll_event, 8> events{};
    int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), patience);
    if (count < 0 && errno != EINTR) kernel.sleep(kSpinBrake);

    std::optional<PowerState> asked = wanted();
    supervisor.look();
    // One SIGCHLD may stand for many children.
    int status = 0;
    for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (Status closed = unlocking.has_ended(kernel, ended, status); !closed) give_up(kernel, closed.error());
      supervisor.has_ended(ended, status);
      if constexpr (kDev) shell.has_ended(ended);
    }
    server.look(control, monotonic_now());  // what services have written by now goes to the logger
    if (std::optional<PowerState> asked_there = control.take_wanted()) asked = asked_there;
    // The first request counts; others while the services end change nothing.
    if (asked && !leaving) {
      leaving = asked;
      supervisor.leave();
    }
    if (unlocking.wanted()) return *unlocking.wanted();  // no service runs yet
    if (leaving && supervisor.is_down()) return *leaving;
  }
}

}  // namespace ashlar
