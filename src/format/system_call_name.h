// Names of x86-64's system calls, for a person: those the kernel's headers had when this was compiled.
#pragma once

#include <string>

namespace ashlar {

// "memfd_create" of 319; the number of one that is newer than the headers.
std::string system_call_name(unsigned number);

}  // namespace ashlar
