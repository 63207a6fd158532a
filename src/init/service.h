// One service, from the moment it may start to the moment nothing of it is left.
//
// A service is `waiting` until the supervisor starts it: those it comes after are ready. Then its process runs and it
// is `starting` until it says that it is ready, in the way its definition names; too late, and it has failed. Ready, it
// is `running` until its main process ends or it is asked to.
//
// However a main process ends, what it leaves behind must not live on, or the next start would meet it: the service is
// `clearing` while the rest of its control group is killed, and becomes nothing else before the group is empty. Then it
// is settled what comes next. A oneshot that did its work is `finished`, and stays so. A service that was asked to end
// is `stopped`. One that failed is `pausing` before it waits to be started again, each time twice as long; after so
// many failures in a row, or at once where the set-up of its sandbox failed, which trying again does not mend, it has
// `failed` for good. A service that was ready for ten seconds before it failed starts counting anew.
//
// Asked to end, it is `stopping`: SIGTERM, and when its time is over, SIGKILL to all of it and `clearing`. Asked to
// start again, it ends in the same way and goes back to `waiting`, from every state in which it is down as well.
//
//     waiting ──► starting ──► running ──► stopping
//        ▲           │            │            │
//        │           └────────────┴────► clearing ──► finished, stopped, failed
//        └──────────── pausing ◄────────────┘
//
// Nothing here throws or ends the program. Time comes from outside.
#pragma once

#include <optional>
#include <string>

#include "format/control_message.h"
#include "init/output_ring.h"
#include "sys/kernel.h"
#include "sys/processes.h"

namespace ashlar {

class Service {
 public:
  using State = ServiceState;
  using Time = Processes::Time;

  Service(const ServiceDefinition& definition, ServiceNumber number, Kernel& kernel, Processes& processes)
      : definition_(&definition), number_(number), kernel_(&kernel), processes_(&processes) {}

  [[nodiscard]] const ServiceDefinition& definition() const { return *definition_; }
  [[nodiscard]] State state() const { return state_; }
  // Who comes after it may start.
  [[nodiscard]] bool is_ready() const { return state_ == State::running || state_ == State::finished; }
  // No process of it is there, and none will be without somebody asking.
  [[nodiscard]] bool is_down() const {
    return state_ == State::finished || state_ == State::stopped || state_ == State::failed;
  }
  [[nodiscard]] int main_process() const { return main_process_; }  // -1: none
  [[nodiscard]] unsigned restarts() const { return restarts_; }
  [[nodiscard]] const std::string& why() const { return why_; }  // it last failed, or could not start
  [[nodiscard]] const std::string& status() const { return status_; }
  [[nodiscard]] ServiceReport report() const;
  [[nodiscard]] const OutputRing& output() const { return output_; }

  void start() noexcept;                        // out of waiting
  void give_up(std::string_view why) noexcept;  // out of waiting: never starts
  void stop() noexcept;                         // ends it, or keeps it from starting
  void restart() noexcept;                      // ends it if it runs, and starts it; earlier failures are forgotten
  void handle(const ServiceEvent& event) noexcept;
  void main_has_ended(int wait_status) noexcept;
  // Does what is due: a deadline, a pause that is over, a group that became empty.
  void look() noexcept;
  // When look() is due next; nullopt: only something that happens can change it.
  [[nodiscard]] std::optional<Time> due() const;

 private:
  void become(State state, std::optional<Time> due);
  void become_ready();
  void clear(std::string why);
  void settle();
  void read_output();
  void say(Severity severity, std::string_view what);
  void quote(std::string_view line);

  const ServiceDefinition* definition_;
  ServiceNumber number_;
  Kernel* kernel_;
  Processes* processes_;

  State state_ = State::waiting;
  Time since_{};                    // of the state
  std::optional<Time> due_;         // the same
  std::optional<Time> hold_until_;  // of its output
  std::optional<Time> first_started_;
  std::optional<Time> first_ready_;
  Time started_{};                  // this run
  Time ready_{};                    // the same; zero: it is not yet
  Time counting_since_{};           // of the output's limit
  std::uint64_t counted_from_ = 0;  // bytes
  int main_process_ = -1;
  unsigned restarts_ = 0;
  unsigned failures_ = 0;  // in a row
  bool to_stay_down_ = false;
  bool to_start_again_ = false;
  bool never_again_ = false;
  std::string why_;           // empty: this run went well
  std::string last_failure_;  // of any run
  std::string status_;
  unsigned told_ = 0;  // statuses of this run
  OutputRing output_;
};

}  // namespace ashlar
