#include "data/line_editor.h"

#include <algorithm>

#include "sys/canvas.h"

namespace ashlar {
namespace {

constexpr std::size_t kLongestCharacter = 4;  // bytes of UTF-8
constexpr std::string_view kMalformed = "That is not UTF-8.";
constexpr std::string_view kControl = "That key cannot be part of an answer.";
constexpr std::string_view kTooLong = "That is too long: 1024 bytes are the most.";

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// Bytes of the character that starts so; 0 when none does.
std::size_t size_by_lead(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

bool is_control(char32_t character) { return character < 0x20 || (character >= 0x7f && character < 0xa0); }

}  // namespace

Result<LineEditor> LineEditor::create() { return LineEditor(TRY(Secret::of_size(kLongestAnswer + kLongestCharacter))); }

std::size_t LineEditor::characters() const {
  return static_cast<std::size_t>(std::ranges::count_if(text(), [](char byte) { return !continues(byte); }));
}

LineEditor::Outcome LineEditor::press(const KeyPress& press) {
  refusal_ = {};
  bool half = pending_ != 0;
  if (press.key != Key::text) wipe_from(length_);  // a character that was begun and is not finished
  switch (press.key) {
    case Key::text: {
      Outcome outcome = Outcome::unchanged;
      for (char byte : press.text()) {
        Outcome next = type(static_cast<std::uint8_t>(byte));
        if (outcome != Outcome::refused && next != Outcome::unchanged) outcome = next;
      }
      return outcome;
    }
    case Key::enter:
      return half ? refuse(kMalformed) : Outcome::entered;
    case Key::erase: {
      if (half) return Outcome::unchanged;
      if (length_ == 0) return Outcome::unchanged;
      std::size_t start = length_ - 1;
      while (start > 0 && continues(text()[start])) --start;
      wipe_from(start);
      return Outcome::changed;
    }
    case Key::end_of_input:
      if (length_ != 0 || half) return Outcome::unchanged;
      return Outcome::cancelled;
    case Key::escape:
      if (length_ == 0 && !half) return Outcome::cancelled;
      [[fallthrough]];
    case Key::clear:
      wipe_from(0);
      return Outcome::changed;
    case Key::up:
    case Key::down:
    case Key::other:
      return Outcome::unchanged;
  }
  return Outcome::unchanged;
}

LineEditor::Outcome LineEditor::type(std::uint8_t byte) {
  bool cut_off = pending_ != 0 && !continues(static_cast<char>(byte));
  if (cut_off) wipe_from(length_);
  buffer_.bytes()[length_ + pending_++] = byte;
  Outcome outcome = finish_character();
  return cut_off ? refuse(kMalformed) : outcome;
}

LineEditor::Outcome LineEditor::finish_character() {
  std::size_t size = size_by_lead(buffer_.bytes()[length_]);
  if (size != 0 && pending_ < size) return Outcome::unchanged;
  std::string_view bytes(characters_begin() + length_, pending_);
  char32_t character = take_character(bytes);
  std::string_view why;
  if (character == kReplacement) why = kMalformed;
  if (is_control(character)) why = kControl;
  if (why.empty() && length_ + pending_ > kLongestAnswer) why = kTooLong;
  if (!why.empty()) {
    wipe_from(length_);
    return refuse(why);
  }
  length_ += std::exchange(pending_, 0);
  return Outcome::changed;
}

LineEditor::Outcome LineEditor::refuse(std::string_view why) {
  refusal_ = why;
  return Outcome::refused;
}

void LineEditor::wipe_from(std::size_t offset) {
  ::explicit_bzero(buffer_.bytes().data() + offset, length_ + pending_ - offset);
  length_ = offset;
  pending_ = 0;
}

Result<Secret> LineEditor::take() {
  Result<Secret> line = Secret::copy_of(buffer_.bytes().first(length_));
  wipe_from(0);
  refusal_ = {};
  return line;
}

}  // namespace ashlar
