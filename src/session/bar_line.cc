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
constexpr unsigned kLowBattery = 15;             // percent
constexpr std::uint64_t kLittleSpace = 20;       // one in so many
constexpr std::uint64_t kNoSpace = 1024 * 1024;  // bytes

std::string block(std::string_view name, std::string_view text, std::string_view color, std::string_view more = "") {
  std::string out = R"({"name":")";
  out += name;
  out += R"(","full_text":")";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += R"(","color":")";
  out += color;
  out += '"';
  out += more;
  return out + R"(,"separator":false,"separator_block_width":28})";
}

std::string notice_block(const Notice& notice) {
  const std::string text = "  " + notice.text + "  ";
  return notice.warning ? block("notice", text, "#ffffff", R"(,"background":"#7a4a4c","border":"#7a4a4c")")
                        : block("notice", text, "#ffffff", R"(,"background":"#2f5058","border":"#2f5058")");
}

std::string verified_block(const BarState& state) {
  auto says = [&](std::string_view word) { return state.ready_line.find(word) != std::string::npos; };
  if (!says(" root=verity")) return block("boot", "System is not verified", kFailure);
  if (!says(" SecureBoot=1 ")) return block("boot", "Secure Boot is off", kFailure);
  if (state.is_dev()) return block("boot", "Verified, DEV", kNotice);
  return block("boot", "Verified", kFaint);
}

// Empty while there is enough of it.
std::string space_block(const Space& space) {
  if (space.left < kNoSpace) return block("space", "Disk is full", kFailure);
  if (space.left > space.size / kLittleSpace) return {};
  return block("space", "Disk " + std::to_string((space.size - space.left) * 100 / space.size) + " % full", kNotice);
}

std::string usb_block(const UsbDevices& usb) {
  if (usb.refused == 0) return block("usb", "USB " + std::to_string(usb.allowed), kFaint);
  return block("usb", "USB " + std::to_string(usb.allowed) + ", " + std::to_string(usb.refused) + " refused", kNotice);
}

std::string volume_block(const std::optional<Volume>& volume) {
  if (!volume) return block("sound", "No sound", kFaint);
  if (volume->muted || volume->percent == 0) return block("sound", "Muted", kFaint);
  return block("sound", "Sound " + std::to_string(volume->percent) + " %", kFaint);
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
  std::string line = "[";
  if (state.notice) line += notice_block(*state.notice) + ",";
  line += verified_block(state);
  if (!state.locks) line += "," + block("lock", "Does not lock", kNotice);
  if (const std::string space = state.space ? space_block(*state.space) : ""; !space.empty()) line += "," + space;
  if (state.usb != UsbDevices{}) line += "," + usb_block(state.usb);
  line += "," + (state.connected ? block("network", "Connected", kFaint) : block("network", "No network", kFaint));
  line += "," + volume_block(state.volume);
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

std::optional<Volume> parse_volume(std::string_view text) {
  constexpr std::string_view kBefore = "Volume: ";
  constexpr std::string_view kMuted = " [MUTED]";
  text = text.substr(0, text.find('\n'));
  if (!text.starts_with(kBefore)) return std::nullopt;
  text.remove_prefix(kBefore.size());
  Volume volume;
  if (text.ends_with(kMuted)) {
    volume.muted = true;
    text.remove_suffix(kMuted.size());
  }
  // "0.40", two digits always.
  unsigned whole = 0;
  unsigned hundredths = 0;
  const std::size_t point = text.find('.');
  if (point == text.npos || text.size() != point + 3) return std::nullopt;
  const std::string number(text);
  const char* middle = number.data() + point;
  auto before = std::from_chars(number.data(), middle, whole);
  auto after = std::from_chars(middle + 1, middle + 3, hundredths);
  if (before.ec != std::errc() || before.ptr != middle || after.ec != std::errc() || after.ptr != middle + 3) {
    return std::nullopt;
  }
  if (whole > 9) return std::nullopt;
  volume.percent = whole * 100 + hundredths;
  return volume;
}

}  // namespace ashlar
