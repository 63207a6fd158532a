// What an attacker with the machine in his hands does to it, which layer must stop him, and how we would see that the
// test can fail.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "prove/target.h"
#include "vm/machine.h"

namespace ashlar::prove {

// The layers of the chain, in the order they run.
enum class Layer { firmware, stub, measurement, initramfs, signature, verity, ipe };
std::string_view name_of(Layer layer);

enum class Outcome {
  stopped,    // the console says `evidence`, and then that this boot ends; a ready line in between is none
  unchanged,  // ready, and what ran is what the owner signed: PCR 4, PCR 11 and the root hash are as predicted
  exposed,    // ready, but PCR 7 or PCR 11 is not what /data would be sealed to, so that stays closed
  either,     // stopped by any layer, or unchanged: for damage done at random
};

// What is done while a machine runs: keys at the boot menu, a command at the prompt.
using Play = std::function<Status(vm::Machine&)>;

// The same attack with the one layer switched off must go through.
struct Control {
  std::string what;  // "the same disk, Secure Boot switched off"
  std::function<Status(Target&)> weaken;
  std::string evidence = "ashlar: ready";  // a regular expression for the line that shows success
  std::string command;                     // typed at the first prompt, where a program must say it
};

enum class Tier { sample, full };  // sample: booted by `ashlar test` too, one case a layer

struct Attack {
  std::string id;    // "uki.cmdline"
  std::string what;  // one sentence for the report
  Layer denied_by;
  Outcome outcome = Outcome::stopped;
  // A regular expression for the console's line: the denial, or, where nothing has to stop, a sign that the attack
  // reached the machine. Empty for what is ignored silently.
  std::string evidence;
  std::string offline;  // what `ashlar verify` must say of the disk; empty: that its chain holds
  std::function<Status(Target&)> carry_out;
  Play play;                      // after power-on
  std::string command;            // typed at the prompt when ready; the evidence must follow
  std::vector<unsigned> changed;  // PCRs that must differ from the prediction: the input was seen and measured
  Control control;                // without `weaken`: the untouched machine alone is the control
  Tier tier = Tier::full;
};

std::vector<Attack> boot_chain_attacks(const Lab& lab);
std::vector<Attack> stub_attacks(const Lab& lab);
std::vector<Attack> firmware_attacks(const Lab& lab);
std::vector<Attack> partition_attacks(const Lab& lab);
Result<std::vector<Attack>> root_attacks(const Lab& lab);

// `count` flips of one bit each, anywhere in use on the disk, one in ten anywhere at all. The same seed means the same
// flips for the same image, wherever it lies.
Result<std::vector<Attack>> bit_flips(const Lab& lab, std::uint64_t seed, unsigned count);

}  // namespace ashlar::prove
