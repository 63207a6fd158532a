// What the bar says, and in swaybar's language (swaybar-protocol(7)): a JSON array of blocks, from left to right. Pure.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

struct Battery {
  unsigned percent = 0;
  bool charging = false;

  bool operator==(const Battery&) const = default;
};

struct Volume {
  unsigned percent = 0;
  bool muted = false;

  bool operator==(const Volume&) const = default;
};

// Devices that are plugged in, hubs of the machine itself left out.
struct UsbDevices {
  unsigned allowed = 0;
  unsigned refused = 0;  // the kernel has read what they are, and no driver may have them

  bool operator==(const UsbDevices&) const = default;
};

struct Notice {
  std::string text;  // UTF-8 that can be shown
  bool warning = false;
};

// Where the home is.
struct Space {
  std::uint64_t size = 0;  // bytes
  std::uint64_t left = 0;  // for who is not root

  bool operator==(const Space&) const = default;
};

struct BarState {
  std::optional<Notice> notice;
  std::string ready_line;  // what PID 1 found when it was ready (sys/pages.h); empty: it cannot be read
  bool locks = true;       // there is a password that opens the screen again
  std::optional<Space> space;
  UsbDevices usb = {};
  bool connected = false;  // an interface beside loopback is up
  std::optional<Volume> volume;
  std::optional<Battery> battery;
  std::tm time{};
  std::string time_zone;  // "UTC"

  bool is_dev() const { return ready_line.find(" variant=dev ") != std::string::npos; }
};

// One line, without its end.
std::string bar_line(const BarState& state);

// What /sys/class/power_supply/*/capacity and status say; nullopt when that is no charge in percent.
std::optional<Battery> parse_battery(std::string_view capacity, std::string_view status);
// What `wpctl get-volume` says: "Volume: 0.40" or "Volume: 0.40 [MUTED]"; nullopt when that is no volume.
std::optional<Volume> parse_volume(std::string_view text);

}  // namespace ashlar
