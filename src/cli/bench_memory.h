// `ashlar bench --memory`: what the desktop's memory is used for once its person has logged in.
#pragma once

#include "base/result.h"
#include "cli/commands.h"

namespace ashlar::cli {

// In a machine with a /data of its own: after the login, with the browser on its first page and again when it has been
// closed. The dev variant, whose root shell is asked.
Status bench_memory(const ImageChoice& choice);

}  // namespace ashlar::cli
