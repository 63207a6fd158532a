// The services of the image as one: what may start when, and how all of it ends.
//
// A service starts as soon as all it needs is ready and all it comes after is ready or will never be; services that do
// not wait for each other start at the same time. Leaving goes the other way: a service is asked to end when nothing
// that comes after it is left.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "format/log_message.h"
#include "init/service.h"

namespace ashlar {

class Supervisor {
 public:
  using Time = Processes::Time;

  // `table`, `kernel` and `processes` outlive it.
  Supervisor(std::span<const ServiceDefinition> table, Kernel& kernel, Processes& processes);

  // From now on services start; before, nothing does. Without an owner there are no sessions, without /data no logger.
  void begin(const SessionOwner& owner, bool data_is_open) noexcept;
  // From now on services end. Comes true for is_down() after `kMostPatience` at the latest.
  void leave() noexcept;
  // Ends a service if it runs, and starts it. Errors: the machine is leaving, or services do not start yet; it is a
  // session, and nobody's home is open.
  Status restart(ServiceNumber number) noexcept;
  // The service of this name; nullopt: there is none.
  [[nodiscard]] std::optional<ServiceNumber> find(std::string_view name) const noexcept;
  // Nothing of any service is left, or leaving has taken too long.
  [[nodiscard]] bool is_down() const noexcept;

  // Takes some of the events that have come, and does what is due.
  void look() noexcept;
  // Tells of a child that ended; others than main processes are parts of services whose parents are gone.
  void has_ended(int child, int wait_status) noexcept;
  // Milliseconds until look() is due though nothing happened; -1: never.
  [[nodiscard]] int patience() const noexcept;

  [[nodiscard]] std::span<const Service> services() const { return services_; }
  // Whose the sessions are, 1 to 8; 0: nobody's.
  [[nodiscard]] unsigned user() const { return user_; }
  // What a service has written from byte `from` on, at most `limit` bytes.
  [[nodiscard]] OutputPart output_of(ServiceNumber number, std::uint64_t from, std::size_t limit) const;

 private:
  enum class Phase : std::uint8_t { before, up, leaving };

  void advance();
  bool advance(Service& service);
  [[nodiscard]] bool may_stop(ServiceNumber number) const;

  Processes* processes_;
  std::vector<Service> services_;
  Phase phase_ = Phase::before;
  unsigned user_ = 0;  // whose the sessions are
  std::optional<Time> left_by_;
};

}  // namespace ashlar
