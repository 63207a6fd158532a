#include "vm/sockets.h"

#include <sys/socket.h>

#include <array>

namespace ashlar::vm {

Result<SocketPair> socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return fail_errno("socketpair");
  return SocketPair{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace ashlar::vm
