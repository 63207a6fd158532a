#include "session/bar_line.h"

#include <array>
#include <charconv>

namespace ashlar {
namespace {

// Quiet in the ordinary state: colours are for what needs somebody.
constexpr std::string_view kPlain = "#d5dee2";
constexpr std::string_view kFaint = "#8fa5ad";
constexpr std::string_view kNotice = "#e0c878";
constexpr std::string_view kFailure = "#f09a9a";
constexpr unsigned kLowBattery = 15;  // percent

// Texts and colours are ours: nothing in them needs escaping.
std::string block(std::string_view name, std::string_view text, std::string_view color) {
  std::string out = R"({"name":")";
  out += name;
  out += R"(","full_text":")";
  out += text;
  out += R"(","color":")";
  out += color;
  return out + R"(","separator":false,"separator_block_width":28})";
}

std::string verified_block(const BarState& state) {
  auto says = [&](std::string_view word) { return state.ready_line.find(word) != std::string::npos; };
  if (!says(" root=verity")) return block("boot", "System is not verified", kFailure);
  if (!says(" SecureBoot=1 ")) return block("boot", "Secure Boot is off", kFailure);
  if (state.is_dev()) return block("boot", "Verified, DEV", kNotice);
  return block("boot", "Verified", kFaint);
}

std::string battery_block(const Battery& battery) {
  std::string text = (battery.charging ? "Charging " : "Battery ") + std::to_string(battery.percent) + " %";
  bool low = !battery.charging && battery.percent <= kLowBattery;
  return block("battery", text, low ? kFailure : kPlain);
}

std::string time_block(const BarState& state) {
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%a %e %b   %H:%M", &state.time);
  std::string with_zone = text.data();
  for (char c : state.time_zone) {
    if ((c >= 'A' && c <= 'Z') || c == '+' || c == '-' || (c >= '0' && c <= '9')) {
      if (with_zone.size() == std::string_view(text.data()).size()) with_zone += ' ';
      with_zone += c;
    }
  }
  return block("time", with_zone, kPlain);
}

}  // namespace

std::string bar_line(const BarState& state) {
  std::string line = "[" + verified_block(state);
  line += "," + (state.connected ? block("network", "Connected", kFaint) : block("network", "No network", kFaint));
  if (state.battery) line += "," + battery_block(*state.battery);
  return line + "," + time_block(state) + "]";
}

std::optional<Battery> parse_battery(std::string_view capacity, std::string_view status) {
  auto trimmed = [](std::string_view text) { return text.substr(0, text.find('\n')); };
  capacity = trimmed(capacity);
  Battery battery;
  auto [end, error] = std::from_chars(capacity.data(), capacity.data() + capacity.size(), battery.percent);
  if (error != std::errc() || end != capacity.data() + capacity.size() || battery.percent > 100) return std::nullopt;
  status = trimmed(status);
  battery.charging = status == "Charging" || status == "Full";
  return battery;
}

}  // namespace ashlar
