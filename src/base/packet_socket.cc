#include "base/packet_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace ashlar {
namespace {

Result<Fd> make_socket() {
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return fail_errno("make a socket");
  return socket;
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(path + " is too long");
  path.copy(address.sun_path, path.size());
  return address;
}

}  // namespace

Result<Fd> listen_for_packets(const std::string& path, int waiting) {
  sockaddr_un address = TRY(address_of(path));
  Fd socket = TRY(make_socket());
  ::unlink(path.c_str());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0666) != 0 || ::listen(socket.get(), waiting) != 0) {
    return fail_errno("listen on " + path);
  }
  return socket;
}

Result<Fd> connect_for_packets(const std::string& path) {
  sockaddr_un address = TRY(address_of(path));
  Fd socket = TRY(make_socket());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("connect to " + path);
  }
  return socket;
}

}  // namespace ashlar
