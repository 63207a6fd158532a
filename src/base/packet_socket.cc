#include "base/packet_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace ashlar {
namespace {

// A message of recvmsg(2) and sendmsg(2): text, and room for one descriptor.
struct Message {
  Message(char* text, std::size_t size) : part{.iov_base = text, .iov_len = size} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  iovec part;
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
};

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

Result<std::optional<Packet>> receive_packet(const Fd& socket, std::size_t longest) {
  Packet packet{.text = std::string(longest, '\0'), .descriptor = Fd()};
  Message message(packet.text.data(), packet.text.size());
  const ssize_t size = ::recvmsg(socket.get(), &message.header, MSG_CMSG_CLOEXEC);
  if (size < 0) return fail_errno("receive");
  if (size == 0) return std::nullopt;
  packet.text.resize(static_cast<std::size_t>(size));
  const cmsghdr* header = CMSG_FIRSTHDR(&message.header);
  if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    packet.descriptor = Fd(number);
  }
  return packet;
}

Status send_packet(const Fd& socket, std::string_view text, const Fd& descriptor) {
  Message message(const_cast<char*>(text.data()), text.size());  // sendmsg(2) only reads it
  const int number = descriptor.get();
  cmsghdr* header = CMSG_FIRSTHDR(&message.header);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof number);
  std::memcpy(CMSG_DATA(header), &number, sizeof number);
  if (::sendmsg(socket.get(), &message.header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return fail_errno("send");
  return {};
}

}  // namespace ashlar
