// What the bar says, and in swaybar's language (swaybar-protocol(7)): a JSON array of blocks, from left to right. Pure.
#pragma once

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

struct BarState {
  std::string ready_line;  // what PID 1 found when it was ready (sys/pages.h); empty: it cannot be read
  std::optional<Battery> battery;
  bool connected = false;  // an interface beside loopback is up
  std::tm time{};
  std::string time_zone;  // "UTC"

  bool is_dev() const { return ready_line.find(" variant=dev ") != std::string::npos; }
};

// One line, without its end.
std::string bar_line(const BarState& state);

// What /sys/class/power_supply/*/capacity and status say; nullopt when that is no charge in percent.
std::optional<Battery> parse_battery(std::string_view capacity, std::string_view status);

}  // namespace ashlar
