#include "ctl/durations.h"

namespace ashlar::ctl {

std::string seconds_text(std::chrono::milliseconds time) {
  const long long hundredths = (time.count() % 1000) / 10;
  return std::to_string(time.count() / 1000) + (hundredths < 10 ? ".0" : ".") + std::to_string(hundredths) + " s";
}

std::string duration_text(std::chrono::milliseconds time) {
  const long long seconds = time.count() / 1000;
  if (seconds < 60) return seconds_text(time);
  const long long minutes = seconds / 60;
  if (minutes < 60) return std::to_string(minutes) + " min " + std::to_string(seconds % 60) + " s";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

}  // namespace ashlar::ctl
