#include "sys/pages.h"

#include <algorithm>

namespace ashlar {
namespace {

constexpr Colour kBackground{0x14171c};
constexpr Colour kRule{0x2c323b};

constexpr Colour colour_of(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return {0xd5dae1};
    case Tone::faint:
      return {0x808a97};
    case Tone::failure:
      return {0xe8695a};
  }
  return {0xd5dae1};
}

// `text` broken at spaces into rows of at most `columns` characters; a longer word is cut.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> rows;
  columns = std::max<std::size_t>(columns, 1);
  while (text.size() > columns) {
    std::size_t space = text.rfind(' ', columns);
    bool cut = space == std::string_view::npos || space == 0;
    rows.emplace_back(text.substr(0, cut ? columns : space));
    text.remove_prefix(cut ? columns : space + 1);
  }
  rows.emplace_back(text);
  return rows;
}

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

}  // namespace

void draw(const Page& page, const PsfFont& font, Canvas& canvas) {
  canvas.fill(0, 0, canvas.width(), canvas.height(), kBackground);
  // A screen of up to about 1600 rows of pixels shows the font as it is, a 4K screen doubles it.
  const unsigned scale = std::max(1U, (canvas.height() + 400) / 1000);
  const unsigned cell = font.width * scale;
  const unsigned row = font.height * scale;
  const unsigned leading = row + row / 4;

  std::size_t label_columns = 0;
  for (const PageLine& line : page.lines) label_columns = std::max(label_columns, line.label.size());
  if (label_columns > 0) label_columns += 2;
  const unsigned left = canvas.width() / 10;
  const std::size_t columns = (canvas.width() - 2 * left) / std::max(1U, cell);
  const std::size_t text_columns = columns > label_columns + 8 ? columns - label_columns : columns;

  // Title, rule, heading, lines: one block, a little above the middle.
  std::vector<std::pair<const PageLine*, std::vector<std::string>>> body;
  std::size_t rows = 0;
  for (const PageLine& line : page.lines) {
    std::vector<std::string> broken;
    for (const std::string& text : line.text) {
      for (std::string& part : wrapped(text, text_columns)) broken.push_back(std::move(part));
    }
    rows += broken.size();
    body.emplace_back(&line, std::move(broken));
  }
  const auto block = static_cast<unsigned>(2 * row + 2 * leading + (rows + 1 + page.lines.size() / 2) * leading);
  unsigned y = canvas.height() > block ? (canvas.height() - block) * 2 / 5 : 0;

  unsigned x = canvas.text(left, y, page.title, font, 2 * scale, colour_of(Tone::plain));
  canvas.text(x + cell, y + row - row / 8, page.subtitle, font, scale, colour_of(Tone::faint));
  y += 2 * row + leading / 2;
  canvas.fill(left, y, canvas.width() - 2 * left, std::max(2U, scale * 2), kRule);
  y += leading / 2 + leading / 4;
  for (const std::string& text : wrapped(page.heading, columns)) {
    canvas.text(left, y, text, font, scale, colour_of(page.heading_tone));
    y += leading;
  }
  y += leading / 2;
  for (const auto& [line, parts] : body) {
    canvas.text(left, y, line->label, font, scale, colour_of(Tone::faint));
    for (const std::string& part : parts) {
      canvas.text(left + static_cast<unsigned>(label_columns) * cell, y, part, font, scale, colour_of(line->tone));
      y += leading;
    }
  }
  if (!page.footer.empty() && canvas.height() > 2 * leading) {
    canvas.text(left, canvas.height() - 2 * leading, page.footer, font, scale, colour_of(Tone::faint));
  }
}

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
