#include "sys/pages.h"

#include <algorithm>

namespace ashlar {
namespace {

std::string subtitle_of(std::string_view version, std::string_view variant) {
  std::string subtitle(version);
  if (variant == "dev") subtitle += "  DEV";
  return subtitle;
}

std::string_view digit_of(std::optional<bool> value) {
  if (!value) return "none";
  return *value ? "1" : "0";
}

PageLine secure_boot_line(const MachineState& state) {
  if (!state.secure_boot) return {"Secure Boot", {"not offered by this firmware"}, Tone::failure};
  if (*state.secure_boot) return {"Secure Boot", {"on"}};
  if (state.setup_mode.value_or(false)) {
    return {"Secure Boot", {"off: the firmware is in setup mode and has no keys yet"}, Tone::failure};
  }
  return {"Secure Boot", {"off: nothing checked what was started"}, Tone::failure};
}

std::optional<PageLine> data_line(DataState state) {
  switch (state) {
    case DataState::open:
      return PageLine{"/data", {"open"}};
    case DataState::open_without_home:
      return PageLine{"/data", {"open, and nobody's home is: restart the machine and type a password"}, Tone::notice};
    case DataState::closed:
      return PageLine{"/data", {"not open: restart the machine to try again"}, Tone::failure};
    case DataState::skipped:
      return PageLine{"/data", {"not set up: nothing is kept in this start"}, Tone::notice};
    case DataState::none:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::string ready_line(const MachineState& state) {
  std::string line = "ashlar: ready variant=" + state.variant + " version=" + state.version;
  line += " roothash=" + state.verified.value_or("none");
  line += " SecureBoot=" + std::string(digit_of(state.secure_boot));
  line += " SetupMode=" + std::string(digit_of(state.setup_mode));
  line += state.verified ? " root=verity" : " root=unverified";
  return line;
}

Page ready_page(const MachineState& state) {
  Page page{.title = "Ashlar", .subtitle = subtitle_of(state.version, state.variant), .heading = "Ready"};
  page.lines.push_back(secure_boot_line(state));
  if (state.verified) {
    page.lines.push_back({"System", {"verified, every block as it is read"}});
    page.lines.push_back({"Root hash", grouped(*state.verified, 4)});
  } else {
    page.lines.push_back({"System", {"not verified: / is not on a dm-verity device"}, Tone::failure});
  }
  if (std::optional<PageLine> line = data_line(state.data)) page.lines.push_back(std::move(*line));
  return page;
}

Page starting_page(std::string_view version, std::string_view variant) {
  return {.title = "Ashlar", .subtitle = subtitle_of(version, variant), .heading = "Starting"};
}

Page failure_page(std::string_view version, std::string_view variant, std::string_view what, int seconds) {
  Page page{.title = "Ashlar", .subtitle = subtitle_of(version, variant)};
  page.heading = "This machine did not start";
  page.heading_tone = Tone::failure;
  std::string sentence(what);
  if (!sentence.empty() && sentence[0] >= 'a' && sentence[0] <= 'z') sentence[0] = static_cast<char>(sentence[0] - 32);
  page.lines.push_back({"", {std::move(sentence)}});
  page.lines.push_back({"", {"", "Nothing was changed on any disk."}, Tone::faint});
  page.footer = seconds > 0 ? "Restarts in " + std::to_string(seconds) + " s" : "Restarting";
  return page;
}

Page leaving_page(std::string_view version, std::string_view variant, bool restart) {
  return {
      .title = "Ashlar", .subtitle = subtitle_of(version, variant), .heading = restart ? "Restarting" : "Turning off"};
}

std::vector<std::string> grouped(std::string_view hex, std::size_t per_row) {
  std::vector<std::string> rows;
  std::size_t groups = 0;
  for (; !hex.empty(); hex.remove_prefix(std::min<std::size_t>(4, hex.size()))) {
    if (groups++ % per_row == 0) {
      rows.emplace_back();
    } else {
      rows.back() += ' ';
    }
    rows.back() += hex.substr(0, 4);
  }
  return rows;
}

}  // namespace ashlar
