// What may be asked of PID 1, by whom, and the answers. Who asks is the kernel's word (sys/peer.h).
//
// | who                                          | may ask for                                                       |
// |----------------------------------------------|-------------------------------------------------------------------|
// | root outside the services                    | everything                                                        |
// | the session's person                         | the report, the log of the session, restart and power-off         |
// | the logger                                   | what services write, as it comes                                  |
// | everybody else, services of root's among them | nothing                                                           |
#pragma once

#include <optional>

#include "init/boot_phases.h"
#include "init/supervisor.h"
#include "sys/peer.h"

namespace ashlar {

enum class Rights : std::uint8_t { none, session, logger, all };

class Control {
 public:
  // Both outlive it.
  Control(Supervisor& supervisor, const BootPhases& phases) : supervisor_(&supervisor), phases_(&phases) {}

  [[nodiscard]] Rights rights_of(const Peer& peer) const noexcept;
  // The packet that answers one that came. It does what is asked for; `follow` is not asked here.
  std::string answer(std::string_view packet, Rights rights, BootTime now) noexcept;
  // Whether it is the logger that asks for output.
  [[nodiscard]] static bool is_follow(std::string_view packet, Rights rights) noexcept;
  // What was asked for of the machine since the last time.
  std::optional<PowerState> take_wanted() noexcept { return std::exchange(wanted_, std::nullopt); }

  [[nodiscard]] const Supervisor& supervisor() const { return *supervisor_; }

 private:
  std::string answer_of_service(const ControlQuestion& question, Rights rights);
  [[nodiscard]] Report report(BootTime now) const;

  Supervisor* supervisor_;
  const BootPhases* phases_;
  std::optional<PowerState> wanted_;
};

}  // namespace ashlar
