#include "sys/peer.h"

#include <poll.h>
#include <sys/socket.h>

namespace ashlar {
namespace {

#ifndef SO_PEERPIDFD
constexpr int SO_PEERPIDFD = 77;  // Linux 6.5; unknown to older headers
#endif
constexpr std::uint64_t kLongestGroup = 4096;  // bytes

// Readable once the process has ended.
bool has_ended(const Fd& process) {
  pollfd waiting{.fd = process.get(), .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, 0) != 0;
}

// cgroups(7): "0::/seatd".
Result<std::string> control_group_of(pid_t process) {
  std::string text = TRY(read_text("/proc/" + std::to_string(process) + "/cgroup", kLongestGroup));
  constexpr std::string_view kUnified = "0::";
  std::size_t begin = text.starts_with(kUnified) ? 0 : text.find("\n0::");
  if (begin == text.npos) return fail("it is in no control group");
  if (begin != 0) ++begin;
  begin += kUnified.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

Result<Peer> peer_of(const Fd& connection) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return fail_errno("ask who connected");
  }
  int number = -1;
  size = sizeof number;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERPIDFD, &number, &size) != 0) {
    return fail_errno("ask which process connected");
  }
  Fd process(number);
  std::string group = TRY(in("who connected", control_group_of(credentials.pid)));
  // Its number cannot have become another's before: what was read was its own.
  if (has_ended(process)) return fail("who connected has ended");
  return Peer{.user = credentials.uid, .group = std::move(group)};
}

}  // namespace ashlar
