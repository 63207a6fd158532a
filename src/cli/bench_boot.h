// How long a machine takes from power-on to what a person waits for: the part of `ashlar bench` that boots, ours and
// the same packages as mkosi and systemd put them together.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/fd.h"

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
    {"compositor", "ashlar: service session: ready after"},
    {"browser", "ashlar: service session: says: the browser's window is there"},
    {"page", "ashlar: service session: says: the first page is there"},
};
inline const std::vector<Milestone> kPeerMilestones = {{"login prompt", " login:"}};

// Boots an image on the machine that `ashlar run` uses, its Secure Boot keys enrolled first, until all of these were
// reached; without /data where it asks for it.
Result<BootTimes> boot_times(const fs::path& image, const std::vector<Milestone>& milestones);

}  // namespace ashlar::cli
