// What PID 1 waits for: children that end, what services do, requests to leave, the power button.
//
// Requests come over the control socket (control.h) and as signals, as init programs have long taken them: SIGTERM and
// SIGINT restart the machine, SIGUSR2 turns it off. Only root may signal PID 1. All other signals stay without effect:
// the kernel does not deliver to PID 1 what it has no handler for.
#pragma once

#include "base/fd.h"
#include "init/control_server.h"
#include "sys/kernel.h"

namespace ashlar {

class EventLoop {
 public:
  // Blocks the signals and opens what they and the buttons arrive on. `services` and `control` are readable when the
  // supervisor and the control server should look.
  static Result<EventLoop> create(const Fd& services, const Fd& control);

  // Reaps every child, runs the services, in the dev variant keeps a shell on the serial line, until the machine is to
  // leave and the services have ended. Never throws and never returns for any other reason.
  PowerState run(Kernel& kernel, const MachineState& state, Supervisor& supervisor, ControlServer& server,
                 BootPhases& phases) noexcept;

 private:
  EventLoop(Fd epoll, Fd signals, std::vector<Fd> buttons)
      : epoll_(std::move(epoll)), signals_(std::move(signals)), buttons_(std::move(buttons)) {}

  // What signals and buttons ask for since the last time, if anything.
  [[nodiscard]] std::optional<PowerState> wanted() const;

  Fd epoll_;
  Fd signals_;
  std::vector<Fd> buttons_;
};

}  // namespace ashlar
