#include "init/request.h"

#include <csignal>
#include <cstdio>

namespace ashlar {

int request_power_state(std::string_view invoked_as) {
  std::string_view name = invoked_as.substr(invoked_as.rfind('/') + 1);
  int signal = name == "poweroff" ? SIGUSR2 : name == "reboot" ? SIGTERM : 0;
  if (signal == 0) {
    std::fputs("ashlar: error: this is PID 1; call it as poweroff or reboot\n", stderr);
    return 2;
  }
  if (::kill(1, signal) != 0) {
    std::perror("ashlar: error: ask PID 1");
    return 1;
  }
  return 0;
}

}  // namespace ashlar
