// What a proof found, for a terminal, a program and a person.
#pragma once

#include "prove/judge.h"

namespace ashlar::prove {

struct Proof {
  fs::path image;
  std::string root_hash;
  std::uint64_t seed = 0;  // of the bit flips and power cuts
  std::vector<CaseReport> cases;
  bool live = false;  // attacked from inside

  [[nodiscard]] std::size_t broken() const;  // that did not hold, whatever the reason
  // "105 cases, 98 held, 2 broken, 4 holes, 1 denied by another layer"
  [[nodiscard]] std::string summary() const;
};

// "held", "broken", "hole", "other layer"
std::string_view result_of(const CaseReport& report);

// One row a case: what was attacked, who had to stop it, whether that held.
std::string as_table(const Proof& proof);
// {"image", "root_hash", "seed", "held", "broken", "cases": [{"id", "attack", "denied_by", "evidence", "control",
// "result": "held", "broken", "hole" or "other layer", ...}]}
std::string as_json(const Proof& proof);
// One page without anything from outside: the chain as a picture, every case with what was done and said, the screen of
// a broken one. An error when a screenshot cannot be read.
Result<std::string> as_html(const Proof& proof);

}  // namespace ashlar::prove
