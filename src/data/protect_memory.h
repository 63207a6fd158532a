// What a process that holds passwords and keys begins with.
#pragma once

#include "base/result.h"

namespace ashlar {

// No page of this process is written to a swap, none to a core dump, and no other process may look into it. To be
// called before the first secret. An error is one that no secret may be held after.
Status protect_memory();

}  // namespace ashlar
