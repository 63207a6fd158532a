// SHA-256 of two messages at once. Host only.
//
// The processor's SHA instructions (x86 SHA extensions) have a latency of four cycles and start every second one: a
// single message leaves the unit idle half of the time. Two independent ones fill it. OpenSSL has no such interface.
#pragma once

#include <array>
#include <optional>

#include "base/bytes.h"

namespace ashlar {

class Sha256Pair {
 public:
  // Nothing on a processor without the instructions: OpenSSL hashes then.
  static std::optional<Sha256Pair> where_supported();

  // For i = 0 and 1: the digest of `prefix` followed by blocks[i], 32 bytes to digests[i]. `prefix` has 32 bytes, the
  // blocks have a whole number of 64-byte chunks, the same for both.
  void hash(ByteView prefix, std::array<ByteView, 2> blocks, std::array<std::uint8_t*, 2> digests) const;

 private:
  Sha256Pair() = default;
};

}  // namespace ashlar
