#include "session/bar_readings.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ashlar {
namespace {

constexpr std::uint64_t kLongest = 4096;  // of a file of /sys, and of the one that names the time zone

std::vector<fs::path> entries(const fs::path& directory) {
  std::vector<fs::path> paths;
  std::error_code none;
  for (fs::directory_iterator it(directory, none), end; !none && it != end; it.increment(none)) {
    paths.push_back(it->path());
  }
  std::ranges::sort(paths);
  return paths;
}

std::string line_of(const fs::path& file) {
  std::string text = read_text(file, kLongest).value_or("");
  return text.substr(0, text.find('\n'));
}

std::optional<std::uint64_t> number_in(const fs::path& file) {
  const std::string text = line_of(file);
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A name below /usr/share/zoneinfo: "Europe/Berlin". The C library would read any file that TZ names.
bool names_a_zone(std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '+' ||
           c == '-' || c == '/';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '/' && std::ranges::all_of(name, allowed);
}

}  // namespace

std::optional<Battery> read_battery(const fs::path& root) {
  for (const fs::path& supply : entries(root / "sys/class/power_supply")) {
    if (!supply.filename().string().starts_with("BAT")) continue;
    if (auto found = parse_battery(line_of(supply / "capacity"), line_of(supply / "status"))) return found;
  }
  return std::nullopt;
}

bool is_connected(const fs::path& root) {
  return std::ranges::any_of(entries(root / "sys/class/net"), [](const fs::path& interface) {
    return interface.filename() != "lo" && line_of(interface / "operstate") == "up";
  });
}

UsbDevices read_usb(const fs::path& root) {
  UsbDevices devices;
  for (const fs::path& entry : entries(root / "sys/bus/usb/devices")) {
    const std::string name = entry.filename();
    // "usb1" is a hub of the machine itself, "1-2:1.0" one of the functions of the device "1-2".
    if (name.starts_with("usb") || name.find(':') != name.npos) continue;
    (line_of(entry / "authorized") == "0" ? devices.refused : devices.allowed) += 1;
  }
  return devices;
}

std::optional<unsigned> read_brightness(const fs::path& root) {
  for (const fs::path& screen : entries(root / "sys/class/backlight")) {
    const auto level = number_in(screen / "brightness");
    const auto most = number_in(screen / "max_brightness");
    if (level && most && *most > 0 && *level <= *most) {
      return static_cast<unsigned>(std::lround(static_cast<double>(*level) * 100.0 / static_cast<double>(*most)));
    }
  }
  return std::nullopt;
}

std::optional<Space> read_space(const fs::path& directory) {
  std::error_code error;
  const fs::space_info space = fs::space(directory, error);
  if (error || space.capacity == 0) return std::nullopt;
  return Space{.size = space.capacity, .left = space.available};
}

std::string read_time_zone(const fs::path& root, const fs::path& home) {
  std::string name = line_of(home / ".config/ashlar/time-zone");
  std::error_code none;
  if (names_a_zone(name) && fs::is_regular_file(root / "usr/share/zoneinfo" / name, none)) return name;
  return "UTC";
}

}  // namespace ashlar
