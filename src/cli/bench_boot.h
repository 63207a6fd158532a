// How long a machine takes from power-on to what a person waits for: the part of `ashlar bench` that boots, ours and
// the same packages as mkosi and systemd put them together.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "vm/run.h"

namespace ashlar::cli {

// Seconds from the reset that a machine with keys enrolled starts with.
using BootTimes = std::map<std::string, double>;

// What a line of the serial console says when something was reached.
struct Milestone {
  std::string name;
  std::string sign;  // part of the line
};

inline const std::vector<Milestone> kOurMilestones = {
    {"ready", "ashlar: ready"},
    {"session", "ashlar: service session: ready after"},
    {"browser", "ashlar: service session: says: the browser's window is there"},
    {"page", "ashlar: service session: says: the first page is there"},
};
inline const std::vector<Milestone> kPeerMilestones = {{"login prompt", " login:"}};

// When each was reached, from the last line of the console that says so.
class MilestoneDetector : public vm::ReadyDetector {
 public:
  explicit MilestoneDetector(std::vector<Milestone> milestones) : milestones_(std::move(milestones)) {}
  [[nodiscard]] Source source() const override { return Source::serial; }
  vm::Verdict on_line(std::string_view line) override;
  // A login prompt has no end of line; one is typed.
  std::optional<std::string_view> answer(std::string_view unfinished) override;
  // `power_on`: the reset that the start began with.
  [[nodiscard]] BootTimes times(vm::Clock::time_point power_on) const;

 private:
  vm::Verdict look(std::string_view line);

  std::vector<Milestone> milestones_;
  std::map<std::string, vm::Clock::time_point> reached_;
  vm::FirstBootQuestion first_boot_;
};

// Waits until a machine that was started has reached all of these; without /data where it asks for it.
Result<BootTimes> wait_for_milestones(vm::Machine& machine, const std::vector<Milestone>& milestones);

// Prints the rows of booting: an image, its Secure Boot keys enrolled first, and `peer`, another image of the same
// packages that stands ready at its login prompt, `boots` times in turns; empty: none.
Status bench_boot(const fs::path& image, bool has_desktop, const fs::path& peer, unsigned boots);

}  // namespace ashlar::cli
