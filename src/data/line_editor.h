// One line of text while it is typed, in locked memory. Does no I/O and knows no device.
#pragma once

#include "base/secret.h"
#include "data/keys.h"

namespace ashlar {

constexpr std::size_t kLongestAnswer = 1024;  // bytes

class LineEditor {
 public:
  enum class Outcome {
    unchanged,
    changed,
    refused,    // what was typed cannot stand in an answer: refusal() says why
    entered,    // Enter; an empty line can be entered
    cancelled,  // Esc or Ctrl-D on an empty line
  };

  // An error when the memory cannot be locked.
  static Result<LineEditor> create();

  // Text is UTF-8 and may come a byte at a time. Refused are control characters (NUL, tab and U+0080 to U+009F among
  // them), malformed UTF-8, and a character that would make the line longer than kLongestAnswer. Erase takes back a
  // whole character; Esc clears a line that is not empty. What is dropped is wiped.
  Outcome press(const KeyPress& press);

  // Whole characters. Valid until the next press.
  [[nodiscard]] std::string_view text() const { return {characters_begin(), length_}; }
  [[nodiscard]] std::size_t characters() const;
  // A sentence about the last press, empty when it was not refused.
  [[nodiscard]] std::string_view refusal() const { return refusal_; }

  // The line in a secret of its size; the editor is empty afterwards.
  Result<Secret> take();

 private:
  explicit LineEditor(Secret buffer) : buffer_(std::move(buffer)) {}
  [[nodiscard]] const char* characters_begin() const { return reinterpret_cast<const char*>(buffer_.bytes().data()); }
  Outcome refuse(std::string_view why);
  Outcome type(std::uint8_t byte);
  Outcome finish_character();
  void wipe_from(std::size_t offset);

  Secret buffer_;            // the line, then the bytes of a character that is not whole yet
  std::size_t length_ = 0;   // bytes of whole characters
  std::size_t pending_ = 0;  // bytes behind them
  std::string_view refusal_;
};

}  // namespace ashlar
