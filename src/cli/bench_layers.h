// `ashlar bench --layers`: what the layers cost that keep anything unverified from executing.
#pragma once

#include "base/result.h"
#include "cli/commands.h"

namespace ashlar::cli {

// The profile `live`, as it is and with another initramfs (src/cost) that starts the same system without dm-verity,
// without a policy of SELinux's and with IPE watching only. Both machines run at the same time and take turns; one
// stands still while the other is measured.
Status bench_layers(const ImageChoice& choice, unsigned boots);

}  // namespace ashlar::cli
