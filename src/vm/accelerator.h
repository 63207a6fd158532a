// Whether this host can run virtual machines on the processor itself.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace ashlar::vm {

enum class Accelerator { kvm, tcg };

// KVM if a machine really starts and runs with it: a /dev/kvm that opens may still fail when the first virtual
// processor is set up. Asked once per process; without a /dev/kvm it costs nothing. The environment variable
// ASHLAR_ACCELERATOR=kvm|tcg overrides the probe.
Accelerator accelerator();

// Why accelerator() chose as it did, for the user: "KVM" or "emulation (no /dev/kvm)".
std::string accelerator_reason();

std::vector<std::string> accelerator_arguments(Accelerator chosen);

}  // namespace ashlar::vm
