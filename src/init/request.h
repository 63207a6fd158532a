// /usr/sbin/poweroff and /usr/sbin/reboot: names of PID 1's own program, which then only sends PID 1 a signal.
#pragma once

#include <string_view>

namespace ashlar {

// Returns the exit status: 0 done, 1 refused, 2 not one of the two names.
int request_power_state(std::string_view invoked_as);

}  // namespace ashlar
