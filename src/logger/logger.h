// The logger: writes down what PID 1 sends it, and answers whom PID 1 hands over.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <string>

#include "logger/log_store.h"

namespace ashlar {

using LogTime = std::chrono::milliseconds;  // since the kernel started

class Logger {
 public:
  static constexpr std::size_t kReaders = 8;

  Logger(LogStore store, std::function<void(std::string_view)> tell)
      : store_(std::move(store)), tell_(std::move(tell)) {}

  // One packet of PID 1's, with the connection that came with it.
  void take(std::string_view packet, Fd connection, LogTime now);

  // Who is being answered and does not take it at once: what waits, and what is to be done when one can be written to.
  struct Reader {
    Fd connection;
    std::string rest;
    LogTime until;
  };
  [[nodiscard]] const std::list<Reader>& readers() const { return readers_; }
  // Sends on to those who take it; gives up those who do not in time.
  void serve_readers(LogTime now);

 private:
  // Where a service's output stands.
  struct Position {
    std::uint64_t at = 0;
    bool at_line_start = true;
    bool known = false;  // of a logger that was started again it is not
  };

  void keep(const OutputPart& part, LogTime now);
  void answer(const LogRequest& request, Fd connection, LogTime now);

  LogStore store_;
  std::function<void(std::string_view)> tell_;  // of what does not work
  std::map<std::string, Position> positions_;   // by service and user
  std::list<Reader> readers_;
};

// Each line of `text` with the time in front, as the kernel's log has it. `at_line_start` is before and after.
std::string with_times(std::string_view text, LogTime now, bool& at_line_start);

}  // namespace ashlar
