// What a proof found, for a terminal, a program and a person.
#pragma once

#include "prove/judge.h"

namespace ashlar::prove {

struct Proof {
  fs::path image;
  std::string root_hash;
  std::uint64_t seed = 0;  // of the bit flips and power cuts
  std::vector<CaseReport> cases;

  [[nodiscard]] std::size_t broken() const;
};

// One row a case: what was attacked, who had to stop it, whether that held.
std::string as_table(const Proof& proof);
// {"image", "root_hash", "seed", "held", "broken", "cases": [{"id", "attack", "denied_by", "evidence", "control",
// "result": "held" or "broken", ...}]}
std::string as_json(const Proof& proof);
// One page without anything from outside: the chain as a picture, every case with what was done and said, the screen of
// a broken one. An error when a screenshot cannot be read.
Result<std::string> as_html(const Proof& proof);

}  // namespace ashlar::prove
