// The commands that PID 1 answers, and the logger.
#pragma once

#include "ctl/carry_out.h"

namespace ashlar::ctl {

// `line.verb->way` is none of the unlocking program's. Prints what is told.
Status ask_pid_1(const CommandLine& line, const Caller& caller, Kernel& kernel);

}  // namespace ashlar::ctl
