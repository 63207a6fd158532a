// The plug of a machine's screen. Who looks at it over VNC may say how large it is (RFC 6143 and its community's
// extension SetDesktopSize): to the guest, a screen without a size is one that was pulled out.
#pragma once

#include "base/fd.h"

namespace ashlar::test {

class ScreenPlug {
 public:
  // QEMU's server at this Unix socket.
  static Result<ScreenPlug> connect(const fs::path& socket);
  Status pull_out() { return set(0, 0); }
  Status put_back() { return set(1280, 800); }

 private:
  explicit ScreenPlug(Fd socket) : socket_(std::move(socket)) {}
  Status read(std::size_t size);
  Status shake_hands();
  Status set(std::uint16_t width, std::uint16_t height);

  Fd socket_;
  Bytes read_;  // the last message, or part of one
};

}  // namespace ashlar::test
