// The control socket's connections: a few at once, each with one question, none of which PID 1 waits for.
//
// A connection that has not asked within a second is closed. The session's person has fewer of them than there are, so
// that root gets through whatever a program of the session does; who may ask for nothing has none.
#pragma once

#include <array>
#include <optional>

#include "init/control.h"
#include "init/log_stream.h"

namespace ashlar {

class ControlServer {
 public:
  static constexpr std::size_t kConnections = 8;
  static constexpr std::size_t kSessionsConnections = 5;

  static Result<ControlServer> create(const std::string& path);

  // Readable when look() has something to do.
  [[nodiscard]] const Fd& events() const { return epoll_; }
  // Takes connections, answers those who asked, sends output to the logger. Never waits.
  void look(Control& control, BootTime now) noexcept;
  // Milliseconds until look() is due though nothing happened; -1: never.
  [[nodiscard]] int patience(BootTime now) const noexcept;

  // A connection of somebody who has these rights, for tests; others come by themselves.
  void admit(Fd connection, Rights rights, BootTime now) noexcept;

 private:
  struct Connection {
    Fd socket;
    Rights rights = Rights::none;
    BootTime until{};
  };

  ControlServer(Fd epoll, Fd listening) : epoll_(std::move(epoll)), listening_(std::move(listening)) {}

  Status watch(const Fd& fd, std::uint32_t what, std::uint32_t events) const;
  // Before it is closed or handed on: the logger, or a service that is being started, may have it open as well, and
  // then it would be reported without end.
  void unwatch(const Fd& fd) const;
  void accept_some(const Control& control, BootTime now);
  void serve(Connection& connection, Control& control, BootTime now);
  void follow(Fd logger);
  void pump(const Control& control);

  Fd epoll_;
  Fd listening_;
  std::optional<BootTime> listen_again_;  // there was no descriptor or no memory for a connection
  std::array<Connection, kConnections> connections_;
  LogStream stream_;
  bool waits_for_logger_ = false;
};

}  // namespace ashlar
