// What may be asked of PID 1, by whom, and the answers. Who asks is the kernel's word (sys/peer.h).
//
// | who                                          | may ask for                                                       |
// |----------------------------------------------|-------------------------------------------------------------------|
// | root outside the services                    | everything                                                        |
// | the session's person                         | the report, what sessions of theirs wrote, restart and power-off  |
// | the logger                                   | what services write, as it comes                                  |
// | everybody else, services of root's among them | nothing                                                           |
#pragma once

#include <optional>
#include <variant>

#include "init/boot_phases.h"
#include "init/supervisor.h"
#include "sys/peer.h"

namespace ashlar {

enum class Rights : std::uint8_t { none, session, logger, all };

// What is to become of a connection: a packet is sent, or it is the logger's from now on, to answer this request, or to
// be told what services write.
struct Follow {};
using Reply = std::variant<std::string, LogRequest, Follow>;

class Control {
 public:
  // Both outlive it.
  Control(Supervisor& supervisor, const BootPhases& phases) : supervisor_(&supervisor), phases_(&phases) {}

  [[nodiscard]] Rights rights_of(const Peer& peer) const noexcept;
  // Does what a packet asks for.
  Reply answer(std::string_view packet, Rights rights, BootTime now) noexcept;
  // What was asked for of the machine since the last time.
  std::optional<PowerState> take_wanted() noexcept { return std::exchange(wanted_, std::nullopt); }

  [[nodiscard]] const Supervisor& supervisor() const { return *supervisor_; }

 private:
  std::string restart(const ControlQuestion& question, Rights rights);
  [[nodiscard]] std::string log(const ControlQuestion& question, Rights rights) const;
  [[nodiscard]] Report report(BootTime now) const;

  Supervisor* supervisor_;
  const BootPhases* phases_;
  std::optional<PowerState> wanted_;
};

}  // namespace ashlar
