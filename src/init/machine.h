// What PID 1 sets up once, and what it finds out about the machine it runs on.
#pragma once

#include "sys/kernel.h"

namespace ashlar {

// File systems, capabilities that are given up for good, host name, loopback. An error is one the machine cannot run
// with.
Status set_up_machine(Kernel& kernel);

// Asks the kernel and the firmware, never the command line. What cannot be told is logged and counts as absent.
MachineState observe_machine(Kernel& kernel);

// Writes the ready line and shows the ready page. The unlocking program's turn comes after it: tools wait for the line.
void announce_ready(Kernel& kernel, const MachineState& state);

}  // namespace ashlar
