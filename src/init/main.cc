// PID 1: one machine, set up in order, then the loop that runs its services until it is to leave. The kernel panics
// when PID 1 ends, so nothing here returns.

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <new>
#include <tuple>

#include "base/monotonic.h"
#include "init/event_loop.h"
#include "init/machine.h"
#include "init/request.h"
#include "init/shutdown.h"
#include "sys/failure.h"
#include "sys/linux_kernel.h"
#include "sys/linux_processes.h"

namespace {

constexpr int kMappedFrom = 128 * 1024;  // bytes; larger pieces of memory are mappings of their own

// Called again and again until there is memory: PID 1, which the kernel never ends for want of it, waits until it has
// ended somebody else.
void wait_for_memory() {
  timespec moment{0, 10'000'000};
  ::nanosleep(&moment, nullptr);
}

// The descriptors 0 to 2 are the initramfs' console, or closed when there was none. As /dev/null they can do no harm.
void detach_standard_streams() {
  int null = ::open("/dev/null", O_RDWR);  // may itself be one of the three
  for (int fd = 0; fd < 3; ++fd) {
    if (fd != null) ::dup2(null, fd);
  }
  if (null > 2) ::close(null);
}

// What came before this program: the kernel, and the initramfs, which left its own beginning.
void begin_phases(ashlar::BootPhases& phases) {
  const ashlar::BootTime now = ashlar::monotonic_now();
  phases.begin("kernel", {});
  const char* told = std::getenv(ashlar::kInitramfsStarted);
  std::string_view text = told == nullptr ? "" : told;
  std::int64_t started = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), started).ec == std::errc() && started > 0 &&
      started <= now.count()) {
    phases.begin("initramfs", ashlar::BootTime(started));
  }
  phases.begin("setup", now);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace ashlar;
  if (::getpid() != 1) return tell_pid_1({argv, static_cast<std::size_t>(argc)});

  BootPhases phases;
  begin_phases(phases);
  std::set_new_handler(wait_for_memory);
  // What a page is drawn in goes back to the kernel; glibc would raise its threshold to that size and keep it.
  ::mallopt(M_MMAP_THRESHOLD, kMappedFrom);
  InheritedScreen starting;
  LinuxKernel kernel;
  detach_standard_streams();
  if (Status ready = set_up_machine(kernel); !ready) give_up(kernel, ready.error());
  Result<LinuxProcesses> processes = LinuxProcesses::create(service_table());
  if (!processes) give_up(kernel, processes.error());
  Supervisor supervisor(service_table(), kernel, *processes);
  std::ignore = kernel.make_directory("/run/ashlar");  // what is made in it says what is wrong
  Result<ControlServer> server = ControlServer::create(kControlSocket);
  if (!server) give_up(kernel, server.error());
  Result<EventLoop> loop = EventLoop::create(processes->events(), server->events());
  if (!loop) give_up(kernel, loop.error());

  MachineState state = observe_machine(kernel);
  announce_ready(kernel, state);
  starting.close();
  PowerState wanted = loop->run(kernel, state, supervisor, *server, phases);

  for (;;) shut_down(kernel, wanted);
}
