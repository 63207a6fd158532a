// What a host program tells its user on standard error while it works. Results go to standard output, not here.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar::log {

void info(std::string_view line);
void warn(std::string_view line);
// "ashlar: error: <message>". Programs call it once, where they end.
void error(const Error& error);

// Text with "?" for every control character but the end of a line: what a hostile file says must not move the reader's
// terminal. error() does it itself.
std::string printable(std::string text);

// A bar on a terminal, redrawn in place; in a log, one line at the start and one at the end.
class Progress {
 public:
  // `total` is in whatever unit advance() counts; 0 when it is not known.
  Progress(std::string_view what, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::uint64_t by = 1);  // from any thread
  void set(std::uint64_t done);

 private:
  void draw();

  std::string what_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  bool terminal_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point drawn_;
  std::mutex mutex_;
};

}  // namespace ashlar::log
