// /init of the initramfs. Its arguments and environment come from words of the command line the kernel did not know:
// they are ignored, and PID 1 gets its own.

#include "base/monotonic.h"
#include "boot/start.h"
#include "sys/failure.h"
#include "sys/linux_kernel.h"

int main() {
  const std::chrono::milliseconds started = ashlar::monotonic_now();
  ashlar::LinuxKernel kernel;
  ashlar::Status status = ashlar::start_system(kernel, started);
  ashlar::give_up(kernel, status.error());
}
