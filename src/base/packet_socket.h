// Unix sockets of packets (SOCK_SEQPACKET in unix(7)) in the file system.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"

namespace ashlar {

// A socket at `path` that everybody may connect to, in the place of one that is there. At most `waiting` connections
// stand before it unseen.
Result<Fd> listen_for_packets(const std::string& path, int waiting);
Result<Fd> connect_for_packets(const std::string& path);

struct Packet {
  std::string text;
  Fd descriptor;  // that came with it, if any
};
// The next packet, of which all but the first `longest` bytes are lost. nullopt: the other side has ended. On a socket
// that does not wait, an error with the code EAGAIN while there is none.
Result<std::optional<Packet>> receive_packet(const Fd& socket, std::size_t longest);
// Sends a packet with a descriptor, without waiting: errors with the code EAGAIN where it would have to.
Status send_packet(const Fd& socket, std::string_view text, const Fd& descriptor);

}  // namespace ashlar
