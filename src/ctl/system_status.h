// The part of `ashlarctl status` that is about the system itself, asked of the kernel and the firmware.
#pragma once

#include "sys/kernel.h"

namespace ashlar::ctl {

// The kernel tells root alone what / is mounted from; others are told what PID 1 found and left for them.
Result<MachineState> observe_system(Kernel& kernel, bool root);

// Lines for people, each with a newline.
std::string system_text(const MachineState& state);
// {"version":"0.1.0","variant":"dev","root_hash":"…","secure_boot":true,"setup_mode":false}; null for what there is
// not.
std::string system_json(const MachineState& state);

}  // namespace ashlar::ctl
