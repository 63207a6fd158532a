// The clock by which PID 1 and its programs count: since the kernel started, standing still while the machine sleeps.
#pragma once

#include <chrono>
#include <ctime>

namespace ashlar {

inline std::chrono::milliseconds monotonic_now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::milliseconds(time.tv_nsec / 1'000'000);
}

}  // namespace ashlar
