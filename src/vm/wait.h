// Points in time until which somebody is willing to wait.
#pragma once

#include <algorithm>
#include <chrono>

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

}  // namespace ashlar::vm
