// What the fuzz targets share.
#pragma once

#include <cstdlib>

#include "base/bytes.h"

// libFuzzer calls it with every input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace ashlar::fuzz {

// A property that has to hold for whatever was parsed.
inline void require(bool holds) {
  if (!holds) std::abort();
}

inline bool same(ByteView one, ByteView other) {
  return one.size() == other.size() && (one.empty() || std::memcmp(one.data(), other.data(), one.size()) == 0);
}

}  // namespace ashlar::fuzz
