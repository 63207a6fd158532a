// The dev variant's root shell on the serial line. In the release variant console_shell.cc is not compiled and nothing
// refers to it.
#pragma once

#include <sys/types.h>

#include <chrono>

namespace ashlar {

class ConsoleShell {
 public:
  // Starts the shell when none runs and it is time. Returns the milliseconds until it has to be asked again, -1 when
  // the end of a child will be the next occasion.
  int keep_running() noexcept;
  // Tells of a child that has ended.
  void has_ended(pid_t child) noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  pid_t pid_ = -1;
  Clock::time_point started_;
  Clock::time_point next_start_;
  std::chrono::milliseconds pause_{1000};  // doubles while shells end at once
};

}  // namespace ashlar
