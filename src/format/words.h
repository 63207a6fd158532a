// Lines of words with one blank between them, as PID 1 and its programs tell each other things. What is read is only
// what is written: no second blank, no number in another form.
#pragma once

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace ashlar {

inline constexpr std::string_view kNoWord = "-";        // stands for what there is not
inline constexpr std::size_t kLongestServiceName = 32;  // bytes

// Of a service or a phase: 1 to 32 of a-z, 0-9 and -.
inline bool is_service_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestServiceName && text != kNoWord &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

// As std::to_string writes it, and not negative.
template <typename T>
Result<T> parse_number(std::string_view text) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || value < T{} || std::to_string(value) != text) return fail("not a number");
  return value;
}

class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  Result<std::string_view> word() {
    if (done_) return fail("a word is missing");
    std::size_t end = rest_.find(' ');
    std::string_view word = rest_.substr(0, end);
    done_ = end == rest_.npos;
    rest_.remove_prefix(done_ ? rest_.size() : end + 1);
    return word;
  }
  Result<std::string> name() {
    std::string_view text = TRY(word());
    if (!is_service_name(text)) return fail("not a name");
    return std::string(text);
  }
  template <typename T>
  Result<T> integer() {
    return parse_number<T>(TRY(word()));
  }
  template <typename T>
  Result<std::optional<T>> integer_or_none() {
    std::string_view text = TRY(word());
    if (text == kNoWord) return std::nullopt;
    return TRY(parse_number<T>(text));
  }
  // All that is left, as it is; it may be empty.
  Result<std::string_view> rest() {
    if (done_) return fail("a word is missing");
    done_ = true;
    return std::exchange(rest_, {});
  }
  Status end() const {
    if (!done_) return fail("a word too many");
    return {};
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

// The line `text` begins with, which is taken off it.
inline Result<std::string_view> take_line(std::string_view& text) {
  std::size_t end = text.find('\n');
  if (end == text.npos) return fail("a line without an end");
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace ashlar
