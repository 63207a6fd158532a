// One case judged: the attack offline, the attack on a machine, the control that shows the test can fail.
#pragma once

#include "prove/attack.h"

namespace ashlar::prove {

// What is wrong with a case that did not hold.
enum class Verdict {
  broken,       // it shows nothing, or shows what nobody expected
  hole,         // the attack succeeded
  other_layer,  // it was denied, not by whom the case names
};

struct CaseReport {
  std::string id;
  std::string attack;                 // what was done
  std::string denied_by;              // the layer that had to stop it
  std::string expected;               // what had to happen, in words
  std::string evidence;               // the console's line, or what was compared
  std::string offline;                // what `ashlar verify` said
  std::string control;                // what was done, and what that machine said
  std::string problem;                // why it did not hold; empty when it did
  Verdict verdict = Verdict::broken;  // of a case with a problem
  std::string console;                // the last lines of the attacked machine, or of the control if that failed
  fs::path screenshot;                // of a broken case
  vm::Milliseconds took{};

  [[nodiscard]] bool held() const { return problem.empty(); }
};

// What the untouched machine shows.
struct Prediction {
  std::string root_hash;
  std::map<unsigned, Sha256Digest> pcrs;
};
// Fills in evidence, console and problem from what the attacked machine showed and what it had to show.
void compare(const Prediction& predicted, const Attack& attack, const Observation& seen, CaseReport& report);

enum class Boots { none, machines };

// The boot that enrolled the keys: verified, under Secure Boot, with the predicted PCRs.
CaseReport judge_untouched(const Lab& lab);

// A host that fails (a full disk) makes a broken case that says so. Disk, logs and screenshot of a broken case stay in
// the lab's work directory.
CaseReport judge(const Lab& lab, const Attack& attack, Boots boots);

// Offline only, many on one copy of the disk: each flip must be caught by `verify`, or leave every byte that is used as
// it was. Reports the first that did neither.
CaseReport judge_flips_offline(const Lab& lab, std::uint64_t seed, unsigned count);

}  // namespace ashlar::prove
