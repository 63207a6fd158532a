#include "screen_plug.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace ashlar::test {
namespace {

constexpr std::string_view kVersion = "RFB 003.008\n";
constexpr std::uint8_t kNoAuthentication = 1;
constexpr std::uint8_t kShared = 1;
constexpr std::uint8_t kSetDesktopSize = 251;
constexpr std::size_t kServerInit = 24;  // bytes, and then a name as long as its last four say

}  // namespace

Result<ScreenPlug> ScreenPlug::connect(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path) return fail(path.string() + " is too long");
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("connect to " + path.string());
  }
  ScreenPlug plug(std::move(socket));
  TRY(in("VNC", plug.shake_hands()));
  TRY(plug.put_back());  // QEMU tells the guest of changes alone, and begins with no size
  return plug;
}

Status ScreenPlug::read(std::size_t size) {
  read_.resize(size);
  for (std::size_t done = 0; done < size;) {
    const ssize_t part = ::read(socket_.get(), read_.data() + done, size - done);
    if (part <= 0) return fail("the server has ended");
    done += static_cast<std::size_t>(part);
  }
  return {};
}

Status ScreenPlug::shake_hands() {
  TRY(read(kVersion.size()));
  TRY(write_all(socket_, as_bytes(kVersion)));
  TRY(read(1));
  TRY(read(read_[0]));  // the kinds of authentication it has
  TRY(write_all(socket_, Bytes{kNoAuthentication}));
  TRY(read(4));
  if (read_ != Bytes(4)) return fail("the server refuses who does not authenticate");
  TRY(write_all(socket_, Bytes{kShared}));
  TRY(read(kServerInit));
  std::size_t name = 0;
  for (std::size_t i = kServerInit - 4; i < kServerInit; ++i) name = name << 8 | read_[i];
  return read(name);
}

Status ScreenPlug::set(std::uint16_t width, std::uint16_t height) {
  const Bytes size = {static_cast<std::uint8_t>(width >> 8), static_cast<std::uint8_t>(width),
                      static_cast<std::uint8_t>(height >> 8), static_cast<std::uint8_t>(height)};
  // The desktop, and of its one screen: number, place, size and flags.
  Bytes message = {kSetDesktopSize, 0};
  message.insert(message.end(), size.begin(), size.end());
  message.insert(message.end(), {1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  message.insert(message.end(), size.begin(), size.end());
  message.insert(message.end(), {0, 0, 0, 0});
  return write_all(socket_, message);
}

}  // namespace ashlar::test
