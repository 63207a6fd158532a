// No program and no library of an image asks for memory that is written and executed: what W^X at run time cannot see,
// since the kernel and ld.so give it before anything of the program runs.
#pragma once

#include "base/fd.h"

namespace ashlar::image {

// Looks at every ELF file of the finished root. An error lists those with a segment that is writable and executable,
// with an executable stack (or none asked for: ld.so takes that for an executable one) or with text relocations; and
// programs of our own that are not position-independent with full RELRO, have no stack protector, or look for libraries
// where nobody else does.
Status check_memory(const fs::path& tree);

}  // namespace ashlar::image
