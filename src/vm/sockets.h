// Connected sockets between this program and one it starts: no path in the file system, nobody else can connect, and
// the end of either side is seen by the other.
#pragma once

#include "base/fd.h"

namespace ashlar::vm {

struct SocketPair {
  Fd ours;
  Fd theirs;
};
Result<SocketPair> socket_pair();

}  // namespace ashlar::vm
