#include <algorithm>

#include "sys/pages.h"

namespace ashlar {
namespace {

constexpr Colour kBackground{0x14171c};
constexpr Colour kRule{0x2c323b};
constexpr Colour kBox{0x1c2027};
constexpr Colour kBoxEdge{0x4a535f};
constexpr Colour kSelected{0x2b3a4d};
constexpr Colour kCursor{0x7fb2f0};

constexpr Colour kPaper{0xffffff};  // of a QR code: cameras want the contrast that eyes do not
constexpr Colour kInk{0x000000};
constexpr unsigned kQuietZone = 4;              // modules around a QR code (ISO/IEC 18004, 9.1)
constexpr unsigned kLeastModule = 3;            // pixels; smaller ones blur in a camera
constexpr std::size_t kColumnsBesideCode = 30;  // the least that is left for the text

constexpr std::size_t kFieldColumns = 40;  // unless a longer answer is expected
constexpr std::size_t kMostFieldRows = 4;
constexpr std::size_t kGroupsPerRow = 4;  // of what is to be written down
constexpr std::size_t kGroupColumns = 6;  // where a long answer is expected, rows end where its groups do

constexpr Colour colour_of(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return {0xd5dae1};
    case Tone::faint:
      return {0x808a97};
    case Tone::notice:
      return {0xe3b35c};
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

std::size_t count_characters(std::string_view utf8) {
  std::size_t count = 0;
  for (; !utf8.empty(); ++count) take_character(utf8);
  return count;
}

void drop_characters(std::string_view& utf8, std::size_t count) {
  for (; count > 0 && !utf8.empty(); --count) take_character(utf8);
}

// Takes up to kGroupsPerRow groups off `text`, with the dash or space behind them.
std::string_view take_groups(std::string_view& text) {
  std::size_t end = 0;
  for (std::size_t group = 0; group < kGroupsPerRow && end < text.size(); ++group) {
    end = std::min(text.find_first_of("- \n", end), text.size() - 1) + 1;
  }
  std::string_view row = text.substr(0, end);
  text.remove_prefix(end);
  return row;
}

class Drawing {
 public:
  Drawing(const Page& page, const PsfFont& font, Canvas& canvas)
      : page_(page),
        font_(font),
        canvas_(canvas),
        // A screen of up to about 1600 rows of pixels shows the font as it is, a 4K screen doubles it.
        scale_(std::max(1U, (canvas.height() + 400) / 1000)),
        cell_(std::max(1U, font.width * scale_)),
        row_(font.height * scale_),
        leading_(row_ + row_ / 4),
        left_(canvas.width() / 10),
        page_columns_((canvas.width() - 2 * left_) / cell_),
        columns_(page_columns_) {}

  void draw();

 private:
  void place_code();
  void break_lines();
  void make_room();
  [[nodiscard]] unsigned head_height() const;
  [[nodiscard]] unsigned question_height() const;
  [[nodiscard]] std::size_t field_columns() const;
  [[nodiscard]] std::size_t field_rows() const;
  [[nodiscard]] std::size_t options_shown() const;
  [[nodiscard]] unsigned code_side() const { return module_ * (page_.qr_code.side + 2 * kQuietZone); }
  [[nodiscard]] unsigned block_height() const;
  void draw_head();
  void draw_code();
  void draw_lines();
  void draw_written_down();
  void draw_field(const PageField& field);
  void draw_choice(const PageChoice& choice);
  void draw_dot(unsigned x, unsigned y);

  void text(unsigned x, std::string_view utf8, Tone tone) { canvas_.text(x, y_, utf8, font_, scale_, colour_of(tone)); }
  [[nodiscard]] bool asks() const { return page_.field || page_.choice; }
  [[nodiscard]] unsigned padding() const { return row_ / 4; }

  const Page& page_;
  const PsfFont& font_;
  Canvas& canvas_;
  unsigned scale_;
  unsigned cell_;     // pixels a character is wide
  unsigned row_;      // pixels it is high
  unsigned leading_;  // from one row of text to the next
  unsigned left_;
  std::size_t page_columns_;
  std::size_t columns_;  // below the heading: a QR code takes some
  unsigned y_ = 0;
  unsigned module_ = 0;  // pixels of a QR code's module; 0: none is shown
  bool with_title_ = true;

  std::size_t label_columns_ = 0;
  std::vector<std::pair<const PageLine*, std::vector<std::string>>> body_;
  std::size_t body_rows_ = 0;
  std::vector<std::string> remark_;
};

void Drawing::draw() {
  canvas_.fill(0, 0, canvas_.width(), canvas_.height(), kBackground);
  place_code();
  make_room();
  // One block, a little above the middle.
  const unsigned block = block_height();
  y_ = canvas_.height() > block ? (canvas_.height() - block) * 2 / 5 : 0;
  draw_head();
  if (module_ != 0) draw_code();
  draw_lines();
  if (!page_.written_down.empty()) draw_written_down();
  if (asks()) y_ += leading_ / 4;
  for (const std::string& part : remark_) {
    text(left_, part, Tone::failure);
    y_ += leading_;
  }
  if (page_.field) draw_field(*page_.field);
  if (page_.choice) draw_choice(*page_.choice);
  if (asks() && !page_.hint.empty()) {
    text(left_, page_.hint, page_.hint_tone);
    y_ += leading_;
  }
  // Where there is no room for it the footer is what can be missed.
  if (canvas_.height() >= y_ + 2 * leading_) {
    y_ = canvas_.height() - 2 * leading_;
    text(left_, page_.footer, Tone::faint);
  }
}

// The QR code stands at the right edge, beside everything below the heading, as large as fits into half of the screen's
// height. It goes where something else would have to.
void Drawing::place_code() {
  const unsigned side = page_.qr_code.side + 2 * kQuietZone;
  const unsigned width = canvas_.width() - 2 * left_;
  const unsigned taken = static_cast<unsigned>(kColumnsBesideCode + 2) * cell_;  // two: the gap
  if (page_.qr_code.side != 0 && width > taken) module_ = std::min(width - taken, canvas_.height() / 2) / side;
  if (module_ >= kLeastModule) {
    columns_ = (width - code_side()) / cell_ - 2;
    break_lines();
    if (block_height() + 2 * leading_ <= canvas_.height()) return;
  }
  module_ = 0;
  columns_ = page_columns_;
  break_lines();
}

void Drawing::break_lines() {
  label_columns_ = 0;
  body_.clear();
  body_rows_ = 0;
  for (const PageLine& line : page_.lines) label_columns_ = std::max(label_columns_, line.label.size());
  if (label_columns_ > 0) label_columns_ += 2;
  const std::size_t text_columns = columns_ > label_columns_ + 8 ? columns_ - label_columns_ : columns_;
  for (const PageLine& line : page_.lines) {
    std::vector<std::string> broken;
    for (const std::string& text : line.text) {
      for (std::string& part : wrapped(text, text_columns)) broken.push_back(std::move(part));
    }
    body_rows_ += broken.size();
    body_.emplace_back(&line, std::move(broken));
  }
  // The row of a field's remark is kept free, so that nothing moves when there is one.
  if (page_.field || !page_.remark.empty()) remark_ = wrapped(page_.remark, columns_);
}

// On a small screen a question comes first: the title goes, then the end of what explains it.
void Drawing::make_room() {
  if (!asks()) return;
  auto too_high = [this] { return head_height() + question_height() > canvas_.height(); };
  with_title_ = !too_high();
  for (auto line = body_.rbegin(); line != body_.rend(); ++line) {
    for (auto& parts = line->second; !parts.empty() && too_high(); --body_rows_) parts.pop_back();
  }
}

// Title, rule, heading, lines.
unsigned Drawing::head_height() const {
  const unsigned title = with_title_ ? 2 * row_ + 2 * leading_ : leading_ / 2;
  return title + static_cast<unsigned>(body_rows_ + 1 + page_.lines.size() / 2) * leading_;
}

unsigned Drawing::block_height() const {
  const unsigned lines = static_cast<unsigned>(body_rows_) * leading_;
  return head_height() + std::max(question_height(), code_side() > lines ? code_side() - lines : 0);
}

unsigned Drawing::question_height() const {
  unsigned height = 0;
  if (!page_.written_down.empty()) {
    std::string_view rest = page_.written_down;
    for (height += leading_; !rest.empty(); height += leading_) take_groups(rest);
  }
  if (asks()) height += static_cast<unsigned>(remark_.size() + 2) * leading_ + leading_ / 2;
  if (page_.field) height += static_cast<unsigned>(field_rows()) * leading_ + 2 * padding();
  if (page_.choice) height += static_cast<unsigned>(options_shown()) * leading_;
  return height;
}

std::size_t Drawing::field_columns() const {
  const std::size_t most = std::max<std::size_t>(columns_, 3) - 1;  // one for the padding at both ends
  if (page_.field->expected < kFieldColumns) return std::min(most, kFieldColumns - 1);
  return most < kGroupColumns ? most : most / kGroupColumns * kGroupColumns;
}

std::size_t Drawing::field_rows() const {
  return std::min(page_.field->expected / field_columns() + 1, kMostFieldRows);
}

// A long list is shown through a window: what is left between the rest of the block and the footer.
std::size_t Drawing::options_shown() const {
  const unsigned taken = head_height() + 6 * leading_;
  const unsigned room = canvas_.height() > taken ? canvas_.height() - taken : 0;
  return std::min(page_.choice->options.size(), std::max<std::size_t>(room / std::max(1U, leading_), 1));
}

void Drawing::draw_head() {
  if (with_title_) {
    unsigned x = canvas_.text(left_, y_, page_.title, font_, 2 * scale_, colour_of(Tone::plain));
    canvas_.text(x + cell_, y_ + row_ - row_ / 8, page_.subtitle, font_, scale_, colour_of(Tone::faint));
    y_ += 2 * row_ + leading_ / 2;
    canvas_.fill(left_, y_, canvas_.width() - 2 * left_, std::max(2U, scale_ * 2), kRule);
    y_ += leading_ / 2 + leading_ / 4;
  }
  for (const std::string& part : wrapped(page_.heading, page_columns_)) {
    text(left_, part, page_.heading_tone);
    y_ += leading_;
  }
  y_ += leading_ / 2;
}

void Drawing::draw_code() {
  const unsigned left = canvas_.width() - left_ - code_side();
  canvas_.fill(left, y_, code_side(), code_side(), kPaper);
  for (unsigned row = 0; row < page_.qr_code.side; ++row) {
    for (unsigned column = 0; column < page_.qr_code.side; ++column) {
      if (page_.qr_code.dark[static_cast<std::size_t>(row) * page_.qr_code.side + column] == 0) continue;
      canvas_.fill(left + (kQuietZone + column) * module_, y_ + (kQuietZone + row) * module_, module_, module_, kInk);
    }
  }
}

void Drawing::draw_lines() {
  for (const auto& [line, parts] : body_) {
    if (!parts.empty()) text(left_, line->label, Tone::faint);
    for (const std::string& part : parts) {
      text(left_ + static_cast<unsigned>(label_columns_) * cell_, part, line->tone);
      y_ += leading_;
    }
  }
}

void Drawing::draw_written_down() {
  y_ += leading_ / 2;
  for (std::string_view rest = page_.written_down; !rest.empty(); y_ += leading_) {
    text(left_ + 2 * cell_, take_groups(rest), Tone::notice);
  }
  y_ += leading_ / 2;
}

void Drawing::draw_field(const PageField& field) {
  text(left_, field.label, Tone::faint);
  y_ += leading_;
  const std::size_t columns = field_columns();
  const auto rows = static_cast<unsigned>(field_rows());
  const auto width = static_cast<unsigned>(columns + 1) * cell_;
  const unsigned height = rows * leading_ - (leading_ - row_) + 2 * padding();
  const unsigned edge = scale_;
  canvas_.fill(left_, y_, width, height, kBoxEdge);
  canvas_.fill(left_ + edge, y_ + edge, width - 2 * edge, height - 2 * edge, kBox);

  // The end of what was typed, with a place for the cursor behind it.
  std::string_view shown = field.text;
  std::size_t count = count_characters(shown);
  if (field.as_dots) {
    count = std::min(count, rows * columns - 1);
  } else if (const std::size_t room = rows * columns - 1; count > room) {
    // Whole rows go, so that what stands there does not move with every character.
    const std::size_t gone = (count - room + columns - 1) / columns * columns;
    drop_characters(shown, gone);
    count -= gone;
  }
  const unsigned x = left_ + cell_ / 2;
  const unsigned top = y_ + padding();
  for (std::size_t at = 0; at < count; ++at) {
    const unsigned here = x + static_cast<unsigned>(at % columns) * cell_;
    const unsigned line = top + static_cast<unsigned>(at / columns) * leading_;
    if (field.as_dots) {
      draw_dot(here, line);
      continue;
    }
    std::string_view rest = shown;
    take_character(shown);
    canvas_.text(here, line, rest.substr(0, rest.size() - shown.size()), font_, scale_, colour_of(Tone::plain));
  }
  canvas_.fill(x + static_cast<unsigned>(count % columns) * cell_,
               top + static_cast<unsigned>(count / columns) * leading_, 2 * scale_, row_, kCursor);
  y_ += height + padding();
}

// A disc in the middle of a character's cell.
void Drawing::draw_dot(unsigned x, unsigned y) {
  const int diameter = static_cast<int>(std::max(cell_ * 5 / 8, 2U));
  const unsigned left = x + (cell_ - std::min(cell_, static_cast<unsigned>(diameter))) / 2;
  const unsigned top = y + (row_ - std::min(row_, static_cast<unsigned>(diameter))) / 2;
  for (int row = 0; row < diameter; ++row) {
    for (int column = 0; column < diameter; ++column) {
      const int dx = 2 * column + 1 - diameter;
      const int dy = 2 * row + 1 - diameter;
      if (dx * dx + dy * dy > diameter * diameter) continue;
      canvas_.fill(left + static_cast<unsigned>(column), top + static_cast<unsigned>(row), 1, 1,
                   colour_of(Tone::plain));
    }
  }
}

void Drawing::draw_choice(const PageChoice& choice) {
  const std::size_t shown = options_shown();
  if (!choice.label.empty()) {
    std::string label = choice.label;
    if (shown < choice.options.size()) {
      label += "  " + std::to_string(choice.selected + 1) + " of " + std::to_string(choice.options.size());
    }
    text(left_, label, Tone::faint);
    y_ += leading_;
  }
  // The selected one in the middle, but at the ends of the list.
  const std::size_t half = shown / 2;
  std::size_t first = choice.selected > half ? choice.selected - half : 0;
  first = std::min(first, choice.options.size() - shown);
  for (std::size_t at = first; at < first + shown; ++at) {
    const bool selected = at == choice.selected;
    const auto width = static_cast<unsigned>(std::min(columns_, kFieldColumns)) * cell_;
    if (selected) canvas_.fill(left_, y_, width, leading_, kSelected);
    canvas_.text(left_ + cell_, y_ + (leading_ - row_) / 2, choice.options[at], font_, scale_,
                 colour_of(selected ? Tone::plain : Tone::faint));
    y_ += leading_;
  }
  y_ += padding();
}

}  // namespace

void draw(const Page& page, const PsfFont& font, Canvas& canvas) { Drawing(page, font, canvas).draw(); }

}  // namespace ashlar
