// The seam between PID 1's supervisor and the processes of the services: LinuxProcesses has them, FakeProcesses (in the
// unit tests) plays them in memory. A service is named by its number in the table; all its processes are in one control
// group, which nothing it starts can leave.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "format/service_table.h"
#include "format/session_owner.h"

namespace ashlar {

struct ServiceEvent {
  enum class Kind {
    executed,  // what keeps it in is set up, and its program runs
    notified,  // it sent `text` to its notify socket
    ready,     // it wrote to its ready descriptor
    output,    // there is output to read
  };
  Kind kind;
  ServiceNumber service;
  std::string text;
};

// Why a service starts. A session that starts again is nobody's yet: its home's key is taken out of the kernel, and it
// is told to begin locked.
enum class Occasion : std::uint8_t { first, again };

class Processes {
 public:
  using Time = std::chrono::milliseconds;  // since the machine started, standing still while it sleeps

  virtual ~Processes() = default;

  virtual Time now() = 0;
  // Whose the sessions are; before the first start.
  virtual void belong_to(const SessionOwner& owner) = 0;
  // Starts the service's program and gives its process number. An error: there could be no process. What goes wrong in
  // the process before the program runs is its refusal().
  virtual Result<int> start(ServiceNumber service, Occasion occasion) = 0;
  // Why a process that has ended never came to its program; nullopt when it did.
  virtual std::optional<std::string> refusal(ServiceNumber service) = 0;
  // Sends SIGTERM to the service's main process, to a session's every process.
  virtual void ask_to_end(ServiceNumber service, int main_process) = 0;
  // Makes every process of the service end, also those it is just starting.
  virtual void kill(ServiceNumber service) = 0;
  // Whether the service has no process left. When so, its control group and its descriptors are given up.
  virtual bool gone(ServiceNumber service) = 0;
  // Some kilobytes of what the service wrote, or nothing.
  virtual std::string read_output(ServiceNumber service) = 0;
  // While held, no output events come, and a service that writes on waits until it is let go.
  virtual void hold_output(ServiceNumber service, bool held) = 0;
  // What happened next; nullopt when nothing did. Never waits.
  virtual std::optional<ServiceEvent> next_event() = 0;
};

}  // namespace ashlar
