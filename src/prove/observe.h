// Watching one machine until it has shown what became of it. Every wait ends at something the machine says; the time
// limit is a failure of its own.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/digest.h"
#include "vm/machine.h"

namespace ashlar::prove {

// An entry of the boot loader's menu, which is seen when the menu shows.
inline constexpr const char* kMenu = "Reboot Into Firmware Interface";

struct Watch {
  std::string evidence;  // a regular expression; empty: nothing is looked for
  bool ends_at_evidence = true;
  bool reads_pcrs = false;  // at the prompt, once ready
  std::string command;      // typed at the first prompt
  std::function<Status(vm::Machine&)> play;
  fs::path screenshot;  // of the screen at the end
};

struct Observation {
  enum class End {
    evidence,  // the line that was looked for
    ready,     // PID 1's ready line
    gave_up,   // firmware, kernel or initramfs said that this boot ends here
    silent,    // nothing of this came in time
  };
  End end = End::silent;
  std::string line;      // what ended the watch
  std::string evidence;  // the line that matched, when it was not what ended the watch
  std::string root_hash;
  std::string secure_boot;                // "1", "0", "none", from the ready line
  std::map<unsigned, Sha256Digest> pcrs;  // 4, 7, 11, 12, 13
  std::string console;                    // the last lines
  vm::Milliseconds took{};
};

// Starts the machine and watches it. An error only when the host fails.
Result<Observation> observe(const vm::MachineConfig& config, const Watch& watch);

}  // namespace ashlar::prove
