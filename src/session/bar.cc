// /usr/lib/ashlar/bar: writes what swaybar shows, each time something of it has changed. Programs of the session tell
// it what they want shown (bar_message.h).
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "session/bar_message.h"
#include "session/bar_readings.h"
#include "sys/pages.h"

namespace {

using namespace ashlar;

constexpr time_t kInterval = 5;        // seconds; the minute changes at a multiple of it
constexpr time_t kNoticeTime = 8;      // seconds
constexpr time_t kWarningTime = 30;    // seconds
constexpr time_t kSoundInterval = 60;  // seconds: a card that was plugged in tells nobody
constexpr char kRoot[] = "/";

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<Fd> open_socket() {
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = from_environment("XDG_RUNTIME_DIR") + "/" + kBarSocket;
  if (path.size() >= sizeof address.sun_path) return fail(path + " is too long");
  path.copy(address.sun_path, path.size());
  ::unlink(path.c_str());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("listen on " + path);
  }
  return socket;
}

// `wpctl get-volume`, while the bar goes on.
class VolumeQuestion {
 public:
  void ask() {
    again_ = answer_.valid();  // what is asked already may not know of the change yet
    if (!again_) start();
  }
  // -1, which poll() passes over, when nothing is asked.
  [[nodiscard]] int descriptor() const { return answer_.get(); }
  // When `descriptor` can be read. True: `volume` has the answer.
  bool read(std::optional<Volume>& volume) {
    std::array<char, 64> part{};
    const ssize_t size = ::read(answer_.get(), part.data(), part.size());
    if (size > 0) {
      if (text_.size() < part.size()) text_.append(part.data(), static_cast<std::size_t>(size));
      return false;
    }
    answer_ = Fd();
    ::waitpid(process_, nullptr, 0);
    volume = parse_volume(text_);
    if (again_) start();
    again_ = false;
    return true;
  }

 private:
  void start() {
    text_.clear();
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    answer_ = Fd(ends[0]);
    Fd output(ends[1]);
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::string program = "wpctl";
    std::string verb = "get-volume";
    std::string sink = "@DEFAULT_AUDIO_SINK@";
    std::array<char*, 4> arguments = {program.data(), verb.data(), sink.data(), nullptr};
    if (::posix_spawn(&process_, "/usr/bin/wpctl", &actions, nullptr, arguments.data(), environ) != 0) answer_ = Fd();
    ::posix_spawn_file_actions_destroy(&actions);
  }

  Fd answer_;
  pid_t process_ = -1;
  std::string text_;
  bool again_ = false;
};

class Bar {
 public:
  explicit Bar(Fd socket) : socket_(std::move(socket)), home_(from_environment("HOME")) {}

  // Until nobody is there any more who would read it.
  void run() {
    for (;;) {
      const timespec now = time_of(CLOCK_REALTIME);
      const time_t uptime = time_of(CLOCK_MONOTONIC).tv_sec;
      if (uptime >= next_sound_) {
        // WirePlumber starts at the same time as the bar does.
        const bool starting = !state_.volume && uptime < started_ + kSoundInterval;
        next_sound_ = uptime + (starting ? kInterval : kSoundInterval);
        volume_.ask();
      }
      if (uptime >= notice_ends_) state_.notice.reset();
      if (!show(now)) return;
      const long wait = (kInterval - now.tv_sec % kInterval) * 1000 - now.tv_nsec / 1'000'000;
      std::array<pollfd, 2> waited = {{{socket_.get(), POLLIN, 0}, {volume_.descriptor(), POLLIN, 0}}};
      if (::poll(waited.data(), waited.size(), static_cast<int>(wait)) <= 0) continue;
      if (waited[1].revents != 0) volume_.read(state_.volume);
      if (waited[0].revents != 0) receive(uptime);
    }
  }

 private:
  static timespec time_of(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return time;
  }

  void receive(time_t uptime) {
    std::array<char, kLongestBarMessage> datagram{};
    const ssize_t size = ::recv(socket_.get(), datagram.data(), datagram.size(), 0);
    if (size < 0) return;
    BarMessage message = parse_bar_message({datagram.data(), static_cast<std::size_t>(size)});
    if (message.sound) volume_.ask();
    if (message.brightness) {
      std::optional<unsigned> percent = read_brightness(kRoot);
      message.notice =
          percent ? "Brightness " + std::to_string(*percent) + " %" : "This screen has no brightness to set";
    }
    if (message.notice.empty()) return;
    notice_ends_ = uptime + (message.warning ? kWarningTime : kNoticeTime);
    state_.notice = Notice{.text = std::move(message.notice), .warning = message.warning};
  }

  bool show(const timespec& now) {
    const std::string zone = read_time_zone(kRoot, home_);
    if (from_environment("TZ") != zone) ::setenv("TZ", zone.c_str(), 1);
    ::tzset();
    ::localtime_r(&now.tv_sec, &state_.time);
    state_.time_zone = state_.time.tm_zone;
    state_.ready_line = read_text(kReadyFile).value_or("");
    state_.locks = home_.starts_with("/data/");
    state_.space = read_space(home_);
    state_.usb = read_usb(kRoot);
    state_.connected = is_connected(kRoot);
    state_.battery = read_battery(kRoot);
    std::string line = bar_line(state_);
    if (line != last_ && (std::printf("%s,\n", line.c_str()) < 0 || std::fflush(stdout) != 0)) return false;
    last_ = std::move(line);
    return true;
  }

  Fd socket_;
  std::string home_;
  VolumeQuestion volume_;
  BarState state_;
  std::string last_;
  // As CLOCK_MONOTONIC:
  time_t started_ = time_of(CLOCK_MONOTONIC).tv_sec;
  time_t next_sound_ = 0;
  time_t notice_ends_ = 0;
};

}  // namespace

int main() {
  Result<Fd> socket = open_socket();
  if (!socket) std::fprintf(stderr, "%s\n", socket.error().message().c_str());  // no notices then, but the time
  std::printf("{\"version\":1}\n[\n");
  Bar(socket ? std::move(*socket) : Fd()).run();
  return 1;
}
