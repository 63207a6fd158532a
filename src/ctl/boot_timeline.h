// The start of the machine as a list of spans on one axis, and what can be made of it: text, JSON, a picture. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "format/control_message.h"

namespace ashlar::ctl {

// What came before the kernel, where the firmware and the boot loader tell.
struct Firmware {
  BootTime loader_began{};  // since the machine was turned on
  BootTime kernel_began{};
};

struct Span {
  enum class Kind : std::uint8_t { phase, service };
  std::string name;
  Kind kind = Kind::phase;
  BootTime begin{};
  std::optional<BootTime> end;  // of a phase; of a service: it was ready
  bool failed = false;
  unsigned restarts = 0;
};

// Times from power-on where it is known, else from the start of the kernel.
struct Timeline {
  bool from_power_on = false;
  std::vector<Span> spans;  // in the order they began
  BootTime end{};           // of the axis: the last thing that was ready
  std::optional<BootTime> session_ready;
  BootTime unlocking{};  // how long it took, the person at the prompt included
};

Timeline make_timeline(const Report& report, const std::optional<Firmware>& firmware);

// "The session was ready 12.3 s after power-on, ..."
std::string summary_of(const Timeline& timeline);
std::string timeline_text(const Timeline& timeline);
std::string timeline_json(const Timeline& timeline);
// In boot_picture.cc.
std::string timeline_svg(const Timeline& timeline, std::string_view title);

}  // namespace ashlar::ctl
