// PID 1. First form: one machine, set up in order, then the loop until it is to leave. The kernel panics when PID 1
// ends, so nothing here returns.

#include <fcntl.h>
#include <unistd.h>

#include "init/event_loop.h"
#include "init/machine.h"
#include "init/request.h"
#include "init/shutdown.h"
#include "sys/failure.h"
#include "sys/linux_kernel.h"

namespace {

// The descriptors 0 to 2 are the initramfs' console, or closed when there was none. As /dev/null they can do no harm.
void detach_standard_streams() {
  int null = ::open("/dev/null", O_RDWR);  // may itself be one of the three
  for (int fd = 0; fd < 3; ++fd) {
    if (fd != null) ::dup2(null, fd);
  }
  if (null > 2) ::close(null);
}

}  // namespace

int main(int, char** argv) {
  using namespace ashlar;
  if (::getpid() != 1) return request_power_state(argv[0] == nullptr ? "" : argv[0]);

  InheritedScreen starting;
  LinuxKernel kernel;
  detach_standard_streams();
  if (Status ready = set_up_machine(kernel); !ready) give_up(kernel, ready.error());
  Result<EventLoop> loop = EventLoop::create();
  if (!loop) give_up(kernel, loop.error());

  MachineState state = observe_machine(kernel);
  announce_ready(kernel, state);
  starting.close();
  PowerState wanted = loop->run(kernel, state);

  for (;;) shut_down(kernel, wanted);
}
