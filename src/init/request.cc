#include "init/request.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/packet_socket.h"
#include "format/control_message.h"

namespace ashlar {
namespace {

int refused(const char* what) {
  std::perror(what);
  return 1;
}

// The person of the session cannot signal PID 1, and asks over its control socket.
int ask_to_leave(int signal, ControlQuestion::Verb verb) {
  if (::kill(1, signal) == 0) return 0;
  Result<std::optional<Packet>> packet = [&]() -> Result<std::optional<Packet>> {
    Fd socket = TRY(connect_for_packets(kControlSocket));
    TRY(write_all(socket, as_bytes(build_control_question({.verb = verb, .service = {}}))));
    return receive_packet(socket, kLongestControlAnswer);
  }();
  if (packet && *packet) {
    Result<ControlAnswer> answer = parse_control_answer((*packet)->text);
    if (answer && answer->outcome == Outcome::done) return 0;
  }
  std::fputs("ashlar: error: only root and the person of the session may turn the machine off\n", stderr);
  return 1;
}

// sd_notify(3): one datagram, a line for each argument.
int notify(std::span<char*> lines) {
  std::string message;
  for (const char* line : lines) message.append(line).append("\n");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const char* path = std::getenv("NOTIFY_SOCKET");
  std::string_view place = path == nullptr ? "" : path;
  if (!place.starts_with('/') || place.size() >= sizeof address.sun_path) {
    std::fputs("ashlar: error: NOTIFY_SOCKET names no socket: call it from a service that is ready by notify\n",
               stderr);
    return 2;
  }
  place.copy(address.sun_path, place.size());
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ssize_t sent = ::sendto(socket.get(), message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                          sizeof address);
  return sent < 0 ? refused("ashlar: error: notify PID 1") : 0;
}

}  // namespace

int tell_pid_1(std::span<char*> arguments) {
  std::string_view name = arguments.empty() ? "" : arguments[0];
  name = name.substr(name.rfind('/') + 1);
  if (name == "poweroff") return ask_to_leave(SIGUSR2, ControlQuestion::Verb::power_off);
  if (name == "reboot") return ask_to_leave(SIGTERM, ControlQuestion::Verb::power_restart);
  if (name == "notify") return notify(arguments.subspan(1));
  std::fputs("ashlar: error: this is PID 1; call it as poweroff, reboot or notify\n", stderr);
  return 2;
}

}  // namespace ashlar
