#include "init/request.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace ashlar {
namespace {

int refused(const char* what) {
  std::perror(what);
  return 1;
}

int send_signal(int signal) { return ::kill(1, signal) == 0 ? 0 : refused("ashlar: error: ask PID 1"); }

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
  if (name == "poweroff") return send_signal(SIGUSR2);
  if (name == "reboot") return send_signal(SIGTERM);
  if (name == "notify") return notify(arguments.subspan(1));
  std::fputs("ashlar: error: this is PID 1; call it as poweroff, reboot or notify\n", stderr);
  return 2;
}

}  // namespace ashlar
