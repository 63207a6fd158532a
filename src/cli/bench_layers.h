// `ashlar bench --layers`: what the layers cost that keep anything unverified from executing.
#pragma once

#include "base/result.h"
#include "cli/commands.h"

namespace ashlar::cli {

// The profile `live` three times: as it is; started by another initramfs without the policies of SELinux and IPE, for
// the time it takes to start; and the kernel alone without a security module, a sandbox or our PID 1, for loops. Two
// machines run at the same time and take turns; one stands still while the other is measured.
Status bench_layers(const ImageChoice& choice, unsigned boots);

}  // namespace ashlar::cli
