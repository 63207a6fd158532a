// Unix sockets of packets (SOCK_SEQPACKET in unix(7)) in the file system.
#pragma once

#include "base/fd.h"

namespace ashlar {

// A socket at `path` that everybody may connect to, in the place of one that is there. At most `waiting` connections
// stand before it unseen.
Result<Fd> listen_for_packets(const std::string& path, int waiting);
Result<Fd> connect_for_packets(const std::string& path);

}  // namespace ashlar
