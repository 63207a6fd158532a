// What an image with /data asks on its serial console before anything else, on a machine that has none yet: answered
// with "Start without /data this time", for machines nobody keeps anything on (src/data/welcome.h has the words).
#pragma once

#include <optional>
#include <string_view>

namespace ashlar::vm {

class FirstBootQuestion {
 public:
  void on_line(std::string_view line) { asks_ |= line.find(kWithoutData) != std::string_view::npos; }
  // What is to be typed, once, when the console stands behind `unfinished`, a line without an end yet.
  std::optional<std::string_view> answer(std::string_view unfinished) {
    if (!asks_ || unfinished != kPrompt) return std::nullopt;
    asks_ = false;
    return "2\r";
  }

 private:
  static constexpr std::string_view kPrompt = "What to do [1]: ";
  static constexpr std::string_view kWithoutData = "2  Start without /data this time";
  bool asks_ = false;  // and was not answered
};

}  // namespace ashlar::vm
