// The services' processes that are really there: one control group each (cgroups(7), version 2), pipes for what they
// write, a socket for what they tell.
#pragma once

#include <span>
#include <vector>

#include "base/fd.h"
#include "sys/personal_service.h"
#include "sys/processes.h"

namespace ashlar {

class LinuxProcesses final : public Processes {
 public:
  // Lets control groups limit memory and processes, and makes the place for notify sockets. What `table` points to
  // outlives it. Without services nothing is done.
  static Result<LinuxProcesses> create(std::span<const ServiceDefinition> table);

  // Readable when next_event() has something.
  [[nodiscard]] const Fd& events() const { return epoll_; }

  Time now() override;
  void belong_to(const SessionOwner& owner) override;
  Result<int> start(ServiceNumber service, Occasion occasion) override;
  std::optional<std::string> refusal(ServiceNumber service) override;
  void ask_to_end(ServiceNumber service, int main_process) override;
  void kill(ServiceNumber service) override;
  bool gone(ServiceNumber service) override;
  std::string read_output(ServiceNumber service) override;
  void hold_output(ServiceNumber service, bool held) override;
  std::optional<ServiceEvent> next_event() override;

 private:
  // What of a service is open here.
  enum class Source : std::uint8_t { status, ready, notify, output };
  struct Slot {
    Fd status;  // closes when the program runs; before, says why it does not
    Fd ready;
    Fd notify;
    Fd output;
    std::string refusal;
  };

  LinuxProcesses(std::span<const ServiceDefinition> table, Fd epoll)
      : table_(table.begin(), table.end()), slots_(table.size()), epoll_(std::move(epoll)) {}

  Status watch(const Fd& fd, ServiceNumber service, Source source);
  void unwatch(Fd& fd);  // and closes it
  void clear(Slot& slot);
  std::optional<ServiceEvent> take(ServiceNumber service, Source source);
  void read_status(Slot& slot);

  std::vector<ServiceDefinition> table_;  // a session's is its owner's
  std::vector<PersonalService> personal_;
  std::vector<Slot> slots_;
  Fd epoll_;
};

}  // namespace ashlar
