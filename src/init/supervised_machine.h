// What the unit tests of PID 1's services share: a machine with services that tests drive by hand.
#pragma once

#include "init/supervisor.h"
#include "sys/fake_kernel.h"
#include "sys/fake_processes.h"

namespace ashlar {

inline ServiceDefinition definition(const char* name, Readiness readiness) {
  bool oneshot = readiness == Readiness::exit;
  using namespace std::chrono_literals;
  return {.name = name,
          .kind = oneshot ? ServiceKind::oneshot : ServiceKind::daemon,
          .program = "/usr/bin/x",
          .arguments = {},
          .environment = {},
          .needs = {},
          .after = {},
          .readiness = readiness,
          .ready_within = 10s,
          .restart = RestartPolicy::failure,
          .restart_limit = 3,
          .stop_within = 2s,
          .sandbox = {}};
}

struct Machine {
  explicit Machine(std::vector<ServiceDefinition> services, bool data_is_open = true)
      : table(std::move(services)), supervisor(table, kernel, processes) {
    supervisor.begin({.user = 1}, data_is_open);
  }
  void happens(ServiceEvent::Kind kind, ServiceNumber service = 0, std::string text = "") {
    processes.events.push_back({kind, service, std::move(text)});
    supervisor.look();
  }
  void ends(int wait_status, ServiceNumber service = 0) {
    supervisor.has_ended(FakeProcesses::process(service), wait_status);
  }
  void passes(Processes::Time time) {
    processes.time += time;
    supervisor.look();
  }
  void writes(ServiceNumber service, std::string output) {
    processes.outputs[service] = std::move(output);
    happens(ServiceEvent::Kind::output, service);
  }
  [[nodiscard]] ServiceState state(ServiceNumber service = 0) const { return supervisor.services()[service].state(); }
  [[nodiscard]] const std::string& why(ServiceNumber service = 0) const { return supervisor.services()[service].why(); }

  std::vector<ServiceDefinition> table;
  FakeKernel kernel;
  FakeProcesses processes;
  Supervisor supervisor;
};

}  // namespace ashlar
