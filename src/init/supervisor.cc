#include "init/supervisor.h"

#include <algorithm>

#include "format/user_accounts.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

constexpr Processes::Time kMostPatience = 10s;  // with all services together, when leaving
// A service that sends without end must not keep PID 1 from the others, nor from reaping.
constexpr int kEventsAtOnce = 64;

bool names(std::span<const ServiceNumber> list, ServiceNumber number) {
  return std::ranges::find(list, number) != list.end();
}

}  // namespace

Supervisor::Supervisor(std::span<const ServiceDefinition> table, Kernel& kernel, Processes& processes)
    : processes_(&processes) {
  services_.reserve(table.size());
  for (const ServiceDefinition& definition : table) {
    services_.emplace_back(definition, static_cast<ServiceNumber>(services_.size()), kernel, processes);
  }
}

void Supervisor::begin(const SessionOwner& owner, bool data_is_open) noexcept {
  if (phase_ != Phase::before) return;
  phase_ = Phase::up;
  user_ = owner.user;
  processes_->belong_to(owner);
  for (Service& service : services_) {
    ServiceKind kind = service.definition().kind;
    if (owner.user == 0 && kind == ServiceKind::session) service.give_up("nobody's home is open");
    if (!data_is_open && kind == ServiceKind::logger) service.stop();
  }
  advance();
}

void Supervisor::leave() noexcept {
  if (phase_ == Phase::leaving) return;
  phase_ = Phase::leaving;
  left_by_ = processes_->now() + kMostPatience;
  advance();
}

Status Supervisor::restart(ServiceNumber number) noexcept {
  Service& service = services_[number];
  if (phase_ == Phase::before) return fail("services do not start before it is known what becomes of /data");
  if (phase_ == Phase::leaving) return fail("the machine is leaving");
  if (service.definition().kind == ServiceKind::session && user_ == 0) return fail("nobody's home is open");
  service.restart();
  advance();
  return {};
}

std::optional<ServiceNumber> Supervisor::find(std::string_view name) const noexcept {
  for (const Service& service : services_) {
    if (name == service.definition().name) return static_cast<ServiceNumber>(&service - services_.data());
  }
  return std::nullopt;
}

OutputPart Supervisor::output_of(ServiceNumber number, std::uint64_t from, std::size_t limit) const {
  const Service& service = services_[number];
  const ServiceDefinition& definition = service.definition();
  OutputRing::Part part = service.output().since(from, limit);
  bool owned = definition.kind == ServiceKind::session && user_ != 0;
  return {.service = definition.name,
          .user = owned ? account_id(user_) : definition.sandbox.user.number,
          .begin = part.begin,
          .bytes = std::move(part.bytes)};
}

bool Supervisor::is_down() const noexcept {
  return std::ranges::all_of(services_, &Service::is_down) || (left_by_ && processes_->now() >= *left_by_);
}

void Supervisor::look() noexcept {
  for (int i = 0; i < kEventsAtOnce; ++i) {
    std::optional<ServiceEvent> event = processes_->next_event();
    if (!event) break;
    if (event->service < services_.size()) services_[event->service].handle(*event);
  }
  for (Service& service : services_) service.look();
  advance();
}

void Supervisor::has_ended(int child, int wait_status) noexcept {
  for (Service& service : services_) {
    if (child == service.main_process()) service.main_has_ended(wait_status);
  }
  look();
}

int Supervisor::patience() const noexcept {
  std::optional<Time> first = left_by_;
  for (const Service& service : services_) {
    std::optional<Time> due = service.due();
    if (due && (!first || *due < *first)) first = due;
  }
  if (!first) return -1;
  return static_cast<int>(std::max(*first - processes_->now(), Time{0}).count());
}

void Supervisor::advance() {
  if (phase_ == Phase::before) return;
  // What one service becomes may be what another waits for.
  for (bool changed = true; changed;) {
    changed = false;
    for (Service& service : services_) changed |= advance(service);
  }
}

bool Supervisor::advance(Service& service) {
  Service::State before = service.state();
  const ServiceDefinition& definition = service.definition();
  if (phase_ == Phase::leaving) {
    if (may_stop(static_cast<ServiceNumber>(&service - services_.data()))) service.stop();
    return service.state() != before;
  }
  if (before != Service::State::waiting) return false;
  bool free = true;
  for (ServiceNumber number : definition.needs) {
    const Service& needed = services_[number];
    if (needed.is_down() && !needed.is_ready()) {
      service.give_up("it needs " + std::string(needed.definition().name) + ", which is " +
                      std::string(name_of(needed.state())));
      return true;
    }
    free = free && needed.is_ready();
  }
  for (ServiceNumber number : definition.after) {
    const Service& earlier = services_[number];
    free = free && (earlier.is_ready() || earlier.is_down());
  }
  if (free) service.start();
  return service.state() != before;
}

bool Supervisor::may_stop(ServiceNumber number) const {
  const bool logger = services_[number].definition().kind == ServiceKind::logger;
  return std::ranges::all_of(services_, [&](const Service& other) {
    bool comes_after = (logger && other.definition().kind != ServiceKind::logger) ||
                       names(other.definition().needs, number) || names(other.definition().after, number);
    return !comes_after || other.is_down();
  });
}

}  // namespace ashlar
