#include "init/control_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <tuple>

#include "base/packet_socket.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

constexpr BootTime kPatience = 1s;  // with who has connected and does not ask
constexpr BootTime kPause = 200ms;  // before the next try where a connection could not be taken
constexpr int kWaiting = 16;        // connections that stand before the socket
constexpr int kAcceptedAtOnce = 8;  // then the others of PID 1's loop have their turn
constexpr std::uint32_t kListening = 100;
constexpr std::uint32_t kLogger = 101;  // smaller numbers are places in connections_

}  // namespace

Result<ControlServer> ControlServer::create(const std::string& path) {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail_errno("epoll_create");
  Fd listening = TRY(listen_for_packets(path, kWaiting));
  if (::fcntl(listening.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("set up " + path);
  ControlServer server(std::move(epoll), std::move(listening));
  TRY(server.watch(server.listening_, kListening, EPOLLIN));
  return server;
}

Status ControlServer::watch(const Fd& fd, std::uint32_t what, std::uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.u32 = what;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) == 0) return {};
  if (errno == EEXIST && ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd.get(), &event) == 0) return {};
  return fail_errno("epoll_ctl");
}

void ControlServer::unwatch(const Fd& fd) const {
  if (fd.valid()) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
}

void ControlServer::accept_some(const Control& control, BootTime now) {
  for (int i = 0; i < kAcceptedAtOnce; ++i) {
    Fd connection(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection.valid()) {
      if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
      // Who waits there would be reported again and again.
      unwatch(listening_);
      listen_again_ = now + kPause;
      return;
    }
    Result<Peer> peer = peer_of(connection);
    if (peer) admit(std::move(connection), control.rights_of(*peer), now);
  }
}

void ControlServer::admit(Fd connection, Rights rights, BootTime now) noexcept {
  if (rights == Rights::none) return;
  if (rights == Rights::session) {
    auto open = std::ranges::count_if(
        connections_, [](const Connection& one) { return one.socket.valid() && one.rights == Rights::session; });
    if (static_cast<std::size_t>(open) >= kSessionsConnections) return;
  }
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    Connection& place = connections_[i];
    if (place.socket.valid()) continue;
    if (!watch(connection, static_cast<std::uint32_t>(i), EPOLLIN)) return;
    place.socket = std::move(connection);
    place.rights = rights;
    place.until = now + kPatience;
    return;
  }
}

void ControlServer::serve(Connection& connection, Control& control, BootTime now) {
  // One byte more than a question may have, to see those that are too long.
  std::array<char, kLongestControlQuestion + 1> packet{};
  ssize_t size = ::recv(connection.socket.get(), packet.data(), packet.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  unwatch(connection.socket);
  Fd socket = std::exchange(connection.socket, {});
  if (size <= 0) return;
  std::string_view question(packet.data(), static_cast<std::size_t>(size));
  Reply reply = control.answer(question, connection.rights, now);
  if (std::holds_alternative<Follow>(reply)) return follow(std::move(socket));
  std::string answer;
  if (const LogRequest* request = std::get_if<LogRequest>(&reply)) {
    if (stream_.hand_over(socket, *request)) return;
    answer = build_control_answer(Outcome::failed, "nothing is kept: the logger does not run, or is busy");
  } else {
    answer = std::move(std::get<std::string>(reply));
  }
  // Its buffer is empty, and takes any answer. Who is gone already does not want to know.
  ::send(socket.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void ControlServer::follow(Fd logger) {
  unwatch(stream_.logger());
  stream_.begin(std::move(logger));
  waits_for_logger_ = false;
  if (!watch(stream_.logger(), kLogger, EPOLLIN)) stream_.end();
}

void ControlServer::pump(const Control& control) {
  bool waits = stream_.pump(control.supervisor());
  if (!stream_.logger().valid() || waits == std::exchange(waits_for_logger_, waits)) return;
  if (!watch(stream_.logger(), kLogger, waits ? EPOLLIN | EPOLLOUT : EPOLLIN)) stream_.end();
}

void ControlServer::look(Control& control, BootTime now) noexcept {
  std::array<epoll_event, kConnections + 2> events{};
  int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u32 == kListening) {
      accept_some(control, now);
    } else if (event.data.u32 == kLogger) {
      // It says nothing after its question; what can be read is its end. It may have closed its half alone, and wait
      // for what is still to come.
      if ((event.events & ~EPOLLOUT) != 0) {
        std::ignore = stream_.pump(control.supervisor());
        unwatch(stream_.logger());
        stream_.end();
      }
    } else if (connections_[event.data.u32].socket.valid()) {
      serve(connections_[event.data.u32], control, now);
    }
  }
  for (Connection& connection : connections_) {
    if (!connection.socket.valid() || now < connection.until) continue;
    unwatch(connection.socket);
    connection.socket = {};
  }
  if (listen_again_ && now >= *listen_again_) {
    listen_again_.reset();
    if (!watch(listening_, kListening, EPOLLIN)) listen_again_ = now + kPause;
  }
  pump(control);
}

int ControlServer::patience(BootTime now) const noexcept {
  std::optional<BootTime> first = listen_again_;
  for (const Connection& connection : connections_) {
    if (connection.socket.valid() && (!first || connection.until < *first)) first = connection.until;
  }
  if (!first) return -1;
  return static_cast<int>(std::max(*first - now, BootTime{0}).count());
}

}  // namespace ashlar
