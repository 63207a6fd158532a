// The machine's serial console on the user's own terminal.
#pragma once

#include "vm/machine.h"

namespace ashlar::vm {

// Passes every key to the machine and everything it says to standard output, until the machine ends or the user
// types Ctrl-]. Without a terminal, standard input is passed on to its end and the console is shown until the
// machine ends.
Status pass_console_through(Machine& machine);

}  // namespace ashlar::vm
