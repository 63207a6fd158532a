// A machine with the program `attack` on it (profile live, src/prove/live), and that program at its console.
#pragma once

#include "prove/lab.h"
#include "prove/live_run.h"
#include "vm/console.h"

namespace ashlar::prove {

// One of the program's verbs, with the words behind it; what it said is added to `run`. What it says is kept by `cat`,
// since the places it goes to may write no file of the shell's, and printed again and again until all of it came
// through.
Status ask_attack_program(vm::Console& console, const std::string& words, LiveRun& run);

// The kernel alone, without our PID 1: its command line mounts the root without dm-verity, lets memory be written and
// executed, and starts a shell. `more`: words of the command line, each with a blank behind it.
Result<Bytes> bare_uki(const Lab& lab, const std::string& more);
// Waits for that shell, and has the program prepare the system for what `attack bare` runs.
Result<vm::Console> bare_console(vm::Machine& machine);

}  // namespace ashlar::prove
