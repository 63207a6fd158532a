// Work that splits into independent pieces, on every core the process may use.
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.h"

namespace ashlar::image {

// The number of processors this process may run on, at least 1.
unsigned processor_count();

// Calls work(0) … work(count - 1), each once, on processor_count() threads. After the first error no new piece is
// begun; that error is returned when the running ones have ended.
Status parallel_for(std::size_t count, const std::function<Status(std::size_t)>& work);

}  // namespace ashlar::image
