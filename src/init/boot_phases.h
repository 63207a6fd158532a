// What the machine spent its start with, before services: one phase after the other.
#pragma once

#include <vector>

#include "format/control_message.h"

namespace ashlar {

class BootPhases {
 public:
  // Ends the phase before.
  void begin(std::string name, BootTime now) {
    end(now);
    phases_.push_back({.name = std::move(name), .begun = now, .ended = std::nullopt});
  }
  void end(BootTime now) {
    if (!phases_.empty() && !phases_.back().ended) phases_.back().ended = now;
  }
  [[nodiscard]] const std::vector<BootPhase>& all() const { return phases_; }

 private:
  std::vector<BootPhase> phases_;
};

}  // namespace ashlar
