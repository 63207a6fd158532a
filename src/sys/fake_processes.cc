#include "sys/fake_processes.h"

#include <algorithm>

namespace ashlar {

std::ptrdiff_t FakeProcesses::count(const std::string& call) const { return std::ranges::count(calls, call); }

Result<int> FakeProcesses::start(ServiceNumber service, Occasion occasion) {
  occasions.push_back(occasion);
  calls.push_back("start " + std::to_string(service));
  if (refuse_starts != 0) return fail_errno("start", std::exchange(refuse_starts, 0));
  return process(service);
}

std::optional<std::string> FakeProcesses::refusal(ServiceNumber service) {
  auto found = refusals.find(service);
  if (found == refusals.end()) return std::nullopt;
  std::string why = std::move(found->second);
  refusals.erase(found);
  return why;
}

void FakeProcesses::ask_to_end(ServiceNumber service, int main_process) {
  calls.push_back("ask " + std::to_string(service) + (main_process == process(service) ? "" : " wrongly"));
}

void FakeProcesses::kill(ServiceNumber service) {
  calls.push_back("kill " + std::to_string(service));
  if (!unkillable.contains(service)) left_behind.erase(service);
}

std::string FakeProcesses::read_output(ServiceNumber service) { return std::exchange(outputs[service], {}); }

void FakeProcesses::hold_output(ServiceNumber service, bool held) {
  calls.push_back((held ? "hold " : "let go ") + std::to_string(service));
}

std::optional<ServiceEvent> FakeProcesses::next_event() {
  if (events.empty()) return std::nullopt;
  ServiceEvent event = std::move(events.front());
  events.pop_front();
  return event;
}

}  // namespace ashlar
