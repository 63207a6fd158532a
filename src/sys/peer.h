// Who is at the other end of a Unix socket: the kernel's word, not theirs.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"

namespace ashlar {

struct Peer {
  std::uint32_t user = 0;
  std::string group;  // its control group: "/" outside all services, "/seatd" in one
};

// Who connected. An error: that process is gone, and so nobody can say what it was.
Result<Peer> peer_of(const Fd& connection);

}  // namespace ashlar
