// The entry of a list while one is chosen by the cursor keys or by its number.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "data/keys.h"

namespace ashlar {

class Selection {
 public:
  // `count` is not 0; a `first` behind the end is the last.
  Selection(std::size_t count, std::size_t first) : count_(count), at_(first < count ? first : count - 1) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  // True when the selection moved. It stops at both ends.
  bool press(const KeyPress& press) {
    std::size_t before = at_;
    if (press.key == Key::up && at_ > 0) --at_;
    if (press.key == Key::down && at_ + 1 < count_) ++at_;
    return at_ != before;
  }
  // The entry with the number a person typed, from 1; nothing when there is none.
  [[nodiscard]] std::optional<std::size_t> by_number(std::string_view digits) const {
    std::size_t number = 0;
    for (char c : digits) {
      if (c < '0' || c > '9' || number > count_) return std::nullopt;
      number = number * 10 + static_cast<std::size_t>(c - '0');
    }
    if (number == 0 || number > count_) return std::nullopt;
    return number - 1;
  }

 private:
  std::size_t count_;
  std::size_t at_;
};

}  // namespace ashlar
