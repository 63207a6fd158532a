// /usr/lib/ashlar/logger: keeps what services write, in /data. A service (os/services/logger.toml) of its own, so that
// nobody else, PID 1 least of all, ever waits for the disk.
//
// Asked to end, it takes what is still on its way: it closes its half of the connection, and PID 1, which has nothing
// more to send when everybody else has ended, closes the other.
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <vector>

#include "base/monotonic.h"
#include "base/packet_socket.h"
#include "format/control_message.h"
#include "logger/logger.h"

namespace {

using namespace ashlar;

constexpr char kDirectory[] = "/data/log";
constexpr char kBootId[] = "/proc/sys/kernel/random/boot_id";
constexpr int kReadyDescriptor = 3;
constexpr int kGlance = 500;  // milliseconds, while somebody is being answered
constexpr std::size_t kLongestPacket = 8192;
constexpr int kPacketsAtOnce = 64;

void tell(std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); }

Result<Fd> catch_sigterm() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("block SIGTERM");
  Fd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.valid()) return fail_errno("signalfd");
  return signals;
}

// Takes what has come. False: PID 1 has nothing more.
Result<bool> take_packets(const Fd& stream, Logger& logger) {
  for (int i = 0; i < kPacketsAtOnce; ++i) {
    Result<std::optional<Packet>> packet = receive_packet(stream, kLongestPacket);
    if (!packet && (packet.error().code() == EAGAIN || packet.error().code() == EINTR)) return true;
    if (!packet) return std::unexpected(std::move(packet).error());
    if (!*packet) return false;
    logger.take((*packet)->text, std::move((*packet)->descriptor), monotonic_now());
  }
  return true;
}

Status run() {
  Fd signals = TRY(catch_sigterm());
  LogStore store = TRY(LogStore::open(kDirectory, TRY(read_text(kBootId)), {}));
  Fd stream = TRY(connect_for_packets(kControlSocket));
  const std::string question = build_control_question({.verb = ControlQuestion::Verb::follow, .service = {}});
  TRY(write_all(stream, as_bytes(question)));
  if (::fcntl(stream.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("set up the connection to PID 1");
  const bool is_new = store.is_new();
  Logger logger(std::move(store), tell);
  if (is_new) {
    // By which a start is found, and as good as the machine's clock.
    const std::time_t now = std::time(nullptr);
    std::array<char, 64> text{};
    std::tm parts{};
    std::strftime(text.data(), text.size(), "this start's log begins at %Y-%m-%d %H:%M:%S UTC",
                  ::gmtime_r(&now, &parts));
    tell(text.data());
  }
  Fd ready(kReadyDescriptor);
  TRY(write_all(ready, as_bytes("\n")));
  TRY(ready.close());

  for (;;) {
    std::vector<pollfd> waited = {{.fd = stream.get(), .events = POLLIN, .revents = 0},
                                  {.fd = signals.get(), .events = POLLIN, .revents = 0}};
    for (const Logger::Reader& reader : logger.readers()) {
      waited.push_back({.fd = reader.connection.get(), .events = POLLOUT, .revents = 0});
    }
    if (::poll(waited.data(), waited.size(), logger.readers().empty() ? -1 : kGlance) < 0 && errno != EINTR) {
      return fail_errno("poll");
    }
    if (waited[1].revents != 0) {
      ::shutdown(stream.get(), SHUT_WR);
      signalfd_siginfo taken{};
      if (::read(signals.get(), &taken, sizeof taken) < 0 && errno != EAGAIN) return fail_errno("read signals");
    }
    if (waited[0].revents != 0 && !TRY(take_packets(stream, logger))) return {};
    logger.serve_readers(monotonic_now());
  }
}

}  // namespace

int main() {
  Status ended = run();
  if (ended) return 0;
  tell(ended.error().message());
  return 1;
}
