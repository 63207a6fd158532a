// /usr/lib/ashlar/backlight: makes the screens brighter or darker. A service (os/services/backlight.toml), so that no
// program of the session writes to /sys. Who asks sends `BRIGHTNESS=up` or `down`, by /usr/lib/ashlar/notify.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "session/backlight_level.h"

namespace {

using namespace ashlar;

constexpr char kSocket[] = "/run/backlight/socket";
constexpr char kScreens[] = "/sys/class/backlight";
constexpr int kReadyDescriptor = 3;

// Everybody on the machine may ask: people, one after the other, and services that see the socket.
Result<Fd> open_socket() {
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string_view(kSocket).copy(address.sun_path, sizeof address.sun_path - 1);
  ::unlink(kSocket);
  ::umask(0);  // it makes nothing else, and may not change modes
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("listen on " + std::string(kSocket));
  }
  return socket;
}

Status run() {
  Fd socket = TRY(open_socket());
  Fd ready(kReadyDescriptor);
  TRY(write_all(ready, as_bytes("\n")));
  TRY(ready.close());
  for (;;) {
    std::array<char, 64> datagram{};
    const ssize_t size = ::recv(socket.get(), datagram.data(), datagram.size(), 0);
    if (size < 0 && errno != EINTR) return fail_errno("receive");
    const std::string_view wanted(datagram.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
    Status changed;
    if (wanted == "BRIGHTNESS=up\n") changed = change_brightness(kScreens, Brightness::up);
    if (wanted == "BRIGHTNESS=down\n") changed = change_brightness(kScreens, Brightness::down);
    if (!changed) std::fprintf(stderr, "%s\n", changed.error().message().c_str());
  }
}

}  // namespace

int main() {
  Status ended = run();
  std::fprintf(stderr, "%s\n", ended.error().message().c_str());
  return 1;
}
