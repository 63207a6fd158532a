// The end of a start that went wrong.
#pragma once

#include "sys/kernel.h"

namespace ashlar {

constexpr int kSecondsToRead = 30;

// Says "ashlar: failed: <error>" on console and screen, leaves a person 30 seconds to read it, restarts the machine.
// Never returns: should the kernel refuse to restart, it goes on asking.
[[noreturn]] void give_up(Kernel& kernel, const Error& error);

// One announcement and the countdown, what give_up() repeats for ever.
void announce_and_restart(Kernel& kernel, const Error& error);

}  // namespace ashlar
