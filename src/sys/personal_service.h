// A session's definition as one person's: the table says what runs and with what it gets by, this adds as whom, and
// where that person's files are. Pure.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "format/service_table.h"
#include "format/session_owner.h"

namespace ashlar {

// By one of these in its environment a session knows how to begin.
inline constexpr char kFirstSession[] = "ASHLAR_SESSION=first";
inline constexpr char kSessionAgain[] = "ASHLAR_SESSION=again";  // locked

class PersonalService {
 public:
  // `owner.user`: 1 to 8; for 0 the session stays nobody's. What `general` points to outlives this.
  PersonalService(const ServiceDefinition& general, const SessionOwner& owner);

  // Good as long as this lives, wherever it is moved.
  [[nodiscard]] const ServiceDefinition& definition() const { return definition_; }

 private:
  const char* keep(std::string text) { return texts_.emplace_back(std::move(text)).c_str(); }

  std::deque<std::string> texts_;
  std::vector<const char*> environment_;
  std::vector<const char*> directories_;
  ServiceDefinition definition_;
};

}  // namespace ashlar
