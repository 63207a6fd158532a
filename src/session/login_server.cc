#include "session/login_server.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <optional>

#include "base/packet_socket.h"

namespace ashlar {
namespace {

constexpr timeval kPatience{1, 0};  // with who has connected and does not ask
constexpr int kWaiting = 4;         // connections nobody has looked at yet

// The number of the person the other end runs as, as it was when it connected.
std::optional<unsigned> user_of(const Fd& connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  if (peer.uid < account_id(1) || peer.uid > account_id(kUsers)) return std::nullopt;
  return peer.uid - kFirstUserId + 1;
}

// The password of a question; nullopt when what came is none.
std::optional<Secret> read_password(const Fd& connection) {
  ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  // One byte more than a question may have, to see the ones that are too long.
  Result<Secret> packet = Secret::of_size(1 + kLongestTypedPassword + 1);
  if (!packet) return std::nullopt;
  const ssize_t size = ::recv(connection.get(), packet->bytes().data(), packet->bytes().size(), 0);
  if (size < 1 || static_cast<std::size_t>(size) == packet->bytes().size()) return std::nullopt;
  if (packet->bytes().front() != kAsk) return std::nullopt;
  Result<Secret> password = Secret::copy_of(packet->bytes().subspan(1, static_cast<std::size_t>(size) - 1));
  if (!password) return std::nullopt;
  return std::move(*password);
}

}  // namespace

Result<Fd> LoginServer::listen(const std::string& path) { return listen_for_packets(path, kWaiting); }

Status LoginServer::serve(const Fd& listening) {
  Fd connection(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (connection.valid()) {
    if (std::optional<unsigned> user = user_of(connection)) serve_connection(connection, *user);
    return {};
  }
  if (errno == EINTR || errno == ECONNABORTED) return {};
  return fail_errno("accept");
}

void LoginServer::serve_connection(const Fd& connection, unsigned user) {
  std::optional<Secret> password = read_password(connection);
  if (!password) return;
  const Answer told = answer(user, *password);
  // Who is gone already does not want to know.
  ::send(connection.get(), &told, sizeof told, MSG_NOSIGNAL);
}

Answer LoginServer::answer(unsigned user, const Secret& password) {
  if (throttle_.next_try(user) > clock_.now()) clock_.sleep_until(throttle_.next_try(user));
  Result<Answer> checked = check_password(records_, user, password);
  if (!checked) {
    log_("u" + std::to_string(user) + ": " + checked.error().message());
    return Answer::unknown;
  }
  if (*checked == Answer::right) throttle_.was_right(user);
  if (*checked == Answer::wrong) throttle_.was_wrong(user, clock_.now());
  return *checked;
}

}  // namespace ashlar
