// capabilities(7), as sets of bits: 1 << CAP_*.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace ashlar {

constexpr std::uint64_t capability_bit(unsigned capability) { return std::uint64_t{1} << capability; }

// Takes them from every program this process executes from here on, whoever runs it and whatever its file says.
Status bound_capabilities(std::uint64_t lost);
// Takes them from this process itself.
Status drop_capabilities(std::uint64_t lost);

}  // namespace ashlar
