#include "init/shutdown.h"

#include <csignal>
#include <tuple>

#include "sys/device_mapper.h"
#include "sys/mounts.h"
#include "sys/release.h"

namespace ashlar {
namespace {

constexpr int kPatience = 3000;      // milliseconds between asking and forcing
constexpr int kLastPatience = 2000;  // for the kernel to take down what was forced

}  // namespace

void shut_down(Kernel& kernel, PowerState state) {
  bool restart = state == PowerState::restart;
  kernel.show(leaving_page(kVersion, kVariant, restart));
  kernel.say(Severity::info, restart ? "ashlar: restarting" : "ashlar: turning off");

  kernel.signal_all(SIGTERM);
  kernel.signal_all(SIGHUP);   // shells at a terminal ignore SIGTERM
  kernel.signal_all(SIGCONT);  // what is stopped hears neither
  if (!kernel.wait_for_all(kPatience)) {
    kernel.signal_all(SIGKILL);
    kernel.wait_for_all(kLastPatience);
  }

  // What was written there is on the disk before its key is gone from memory.
  std::ignore = kernel.unmount("/data");
  std::ignore = DeviceMapper(kernel).remove("data");
  std::span<const MountEntry> mounts = system_mounts();
  for (std::size_t i = mounts.size(); i-- > 0;) {
    // Nothing here keeps data; a mount that is still busy must not stop the machine from leaving.
    std::ignore = kernel.unmount(mounts[i].mount.target);
  }
  kernel.leave(state);
}

}  // namespace ashlar
