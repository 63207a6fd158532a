// What a machine says on its serial console, as text that can be searched: terminal control sequences and carriage
// returns taken out, cut into lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ashlar::vm {

class SerialText {
 public:
  void feed(std::string_view bytes);

  // The next complete line nobody has taken yet.
  std::optional<std::string> take_line();
  // If `text` stands in what nobody has taken yet, takes everything up to its end and returns that. Finds prompts,
  // which have no line end.
  std::optional<std::string> take_through(std::string_view text);

  // What stands behind the last line end and was not taken: a question, or the beginning of a line.
  [[nodiscard]] std::string unfinished_line() const;

  // The last lines that were fed, taken or not, for error messages.
  [[nodiscard]] std::string last_lines(std::size_t count) const;

 private:
  enum class Escape { none, start, sequence, string };
  void put(char c);
  [[nodiscard]] std::string_view untaken() const { return std::string_view(untaken_).substr(taken_); }

  std::string untaken_;
  std::size_t taken_ = 0;  // how much of it was taken; cut off now and then, not line by line
  std::string recent_;
  Escape escape_ = Escape::none;
};

}  // namespace ashlar::vm
