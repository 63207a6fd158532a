// What is done again and again, and timed.
#pragma once

#include <string>

namespace ashlar::cost {

// "exec": /usr/bin/true, from fork to its end. "open": a file of the root, opened, read and closed. "page": the
// browser's own clock over a page of scripts, compiler off; "page-jit": compiler on. nullptr: there is none of the
// name.
using Loop = std::string (*)();  // "COUNT NANOSECONDS", or why it cannot be told
Loop loop_of(const std::string& name);

}  // namespace ashlar::cost
