// /usr/lib/ashlar/bar: writes what swaybar shows, each time something of it has changed.
#include <time.h>

#include <cstdio>

#include "base/fd.h"
#include "session/bar_line.h"
#include "sys/pages.h"

namespace {

using namespace ashlar;

constexpr time_t kInterval = 5;  // seconds; the minute changes at a multiple of it

std::vector<fs::path> entries(const char* directory) {
  std::vector<fs::path> paths;
  std::error_code none;
  for (fs::directory_iterator it(directory, none), end; !none && it != end; it.increment(none)) {
    paths.push_back(it->path());
  }
  return paths;
}

// The first there is.
std::optional<Battery> battery() {
  for (const fs::path& supply : entries("/sys/class/power_supply")) {
    if (!supply.filename().string().starts_with("BAT")) continue;
    auto found = parse_battery(read_text(supply / "capacity").value_or(""), read_text(supply / "status").value_or(""));
    if (found) return found;
  }
  return std::nullopt;
}

bool connected() {
  for (const fs::path& interface : entries("/sys/class/net")) {
    if (interface.filename() != "lo" && read_text(interface / "operstate").value_or("") == "up\n") return true;
  }
  return false;
}

}  // namespace

int main() {
  std::printf("{\"version\":1}\n[\n");
  std::string last;
  for (;;) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    BarState state{.ready_line = read_text(kReadyFile).value_or(""), .battery = battery(), .connected = connected()};
    ::localtime_r(&now.tv_sec, &state.time);
    state.time_zone = state.time.tm_zone;
    std::string line = bar_line(state);
    // Nobody is there any more who would read it: swaybar has ended.
    if (line != last && (std::printf("%s,\n", line.c_str()) < 0 || std::fflush(stdout) != 0)) return 1;
    last = std::move(line);
    const timespec next{now.tv_sec - now.tv_sec % kInterval + kInterval, 0};
    ::clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &next, nullptr);
  }
}
