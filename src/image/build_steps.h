// The steps of a build, and how long each took.
#pragma once

#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "image/build.h"

namespace ashlar::image {

class Steps {
 public:
  template <typename Work>
  auto run(std::string_view name, Work work) -> decltype(work()) {
    auto started = std::chrono::steady_clock::now();
    cached_ = false;
    auto result = work();
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    times_.push_back({std::string(name), took, cached_});
    return result;
  }
  // The step that is running took its result from the cache.
  void was_cached(bool cached) { cached_ = cached; }
  std::vector<StepTime> take() { return std::move(times_); }

 private:
  std::vector<StepTime> times_;
  bool cached_ = false;
};

}  // namespace ashlar::image
