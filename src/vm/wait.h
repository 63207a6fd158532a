// Points in time until which somebody is willing to wait.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <span>

#include "base/interrupt.h"

namespace ashlar::vm {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

class Deadline {
 public:
  explicit Deadline(Clock::time_point at) : at_(at) {}
  static Deadline after(Milliseconds span) { return Deadline(Clock::now() + span); }

  [[nodiscard]] bool passed() const { return Clock::now() >= at_; }
  // What is left as poll(2) counts it, rounded up so that nobody spins through the last millisecond.
  [[nodiscard]] int left() const {
    auto rest = std::chrono::ceil<Milliseconds>(at_ - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(rest, 0, 1000000));
  }

 private:
  Clock::time_point at_;
};

// poll(2) once, until the deadline or for half a second: a signal may come to another thread than the one that waits
// here. Whether a descriptor is ready; an error when an interrupt was noted.
inline Result<bool> poll_until(std::span<pollfd> polled, Deadline deadline) {
  constexpr int kLongest = 500;  // milliseconds
  TRY(check_interrupted());
  int ready = ::poll(polled.data(), polled.size(), std::min(deadline.left(), kLongest));
  if (ready < 0 && errno != EINTR) return fail_errno("poll");
  return ready > 0;
}

}  // namespace ashlar::vm
