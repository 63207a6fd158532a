// Services' processes in memory for unit tests: a clock, events to come, and a record of what was asked, in order.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "sys/processes.h"

namespace ashlar {

class FakeProcesses final : public Processes {
 public:
  // What was asked: "start 0", "ask 0", "kill 0", "hold 0", "let go 0". Questions are not in it.
  std::vector<std::string> calls;
  Time time{1000};
  std::deque<ServiceEvent> events;
  std::map<ServiceNumber, std::string> outputs;   // to be read; reading takes it
  std::map<ServiceNumber, std::string> refusals;  // of the next process that ends
  std::set<ServiceNumber> left_behind;            // services with processes beside the main one
  std::set<ServiceNumber> unkillable;             // whose processes stay even when killed
  std::optional<SessionOwner> owner;
  std::vector<Occasion> occasions;  // of each start
  int refuse_starts = 0;            // errno of the next start; 0: it succeeds

  // The process number of a service's latest process.
  static int process(ServiceNumber service) { return 200 + service; }
  [[nodiscard]] std::ptrdiff_t count(const std::string& call) const;

  Time now() override { return time; }
  void belong_to(const SessionOwner& owner) override { this->owner = owner; }
  Result<int> start(ServiceNumber service, Occasion occasion) override;
  std::optional<std::string> refusal(ServiceNumber service) override;
  void ask_to_end(ServiceNumber service, int main_process) override;
  void kill(ServiceNumber service) override;
  bool gone(ServiceNumber service) override { return !left_behind.contains(service); }
  std::string read_output(ServiceNumber service) override;
  void hold_output(ServiceNumber service, bool held) override;
  std::optional<ServiceEvent> next_event() override;
};

}  // namespace ashlar
