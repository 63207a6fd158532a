// The other names of PID 1's own program, by which it only tells PID 1 something: /usr/sbin/poweroff and
// /usr/sbin/reboot send it a signal, or ask over its control socket where that is not allowed, /usr/lib/ashlar/notify
// sends its arguments to the notify socket of the service it runs in.
#pragma once

#include <span>

namespace ashlar {

// `arguments` from the name it was called by on. Returns the exit status: 0 done, 1 refused, 2 not one of the names.
int tell_pid_1(std::span<char*> arguments);

}  // namespace ashlar
