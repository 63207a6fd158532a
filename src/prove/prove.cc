#include "prove/prove.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "base/interrupt.h"
#include "base/log.h"
#include "image/parallel.h"
#include "prove/judge.h"

namespace ashlar::prove {
namespace {

Result<std::vector<Attack>> matrix(const Lab& lab, const ProveOptions& options) {
  std::vector<Attack> attacks = boot_chain_attacks(lab);
  auto add = [&](std::vector<Attack> more) { std::ranges::move(more, std::back_inserter(attacks)); };
  add(stub_attacks(lab));
  add(firmware_attacks(lab));
  add(partition_attacks(lab));
  add(TRY(root_attacks(lab)));
  add(TRY(bit_flips(lab, options.seed, options.flips_booted)));
  if (options.only.empty()) return attacks;
  std::set<std::string> wanted(options.only.begin(), options.only.end());
  std::erase_if(attacks, [&](const Attack& attack) { return wanted.erase(attack.id) == 0; });
  if (!wanted.empty()) return fail_misuse("there is no case " + *wanted.begin() + "; `ashlar prove --list` names them");
  return attacks;
}

}  // namespace

Result<std::string> list_cases(const ProveOptions& options) {
  Lab lab = TRY(open_lab(options.lab));
  std::string list;
  for (const Attack& attack : TRY(matrix(lab, options))) list += fmt::format("{:24} {}\n", attack.id, attack.what);
  return list;
}

Result<Proof> prove(const ProveOptions& options) {
  Lab lab = TRY(open_lab(options.lab));
  std::vector<Attack> attacks = TRY(matrix(lab, options));
  TRY(enrol(lab));
  Proof proof = {.image = options.lab.image, .root_hash = lab.root_hash.hex(), .seed = options.seed};
  proof.cases.push_back(judge_untouched(lab));

  // Machines run side by side, one a core; each belongs to the thread that started it.
  std::vector<CaseReport> judged(attacks.size());
  log::Progress progress("attack", attacks.size());
  TRY(image::parallel_for(attacks.size(), [&](std::size_t i) -> Status {
    TRY(check_interrupted());
    bool booted = options.tier == Tier::full || attacks[i].tier == Tier::sample || !options.only.empty() ||
                  attacks[i].outcome == Outcome::either;
    judged[i] = judge(lab, attacks[i], booted ? Boots::machines : Boots::none);
    progress.advance();
    if (!judged[i].held()) log::warn(judged[i].id + " is broken: " + judged[i].problem);
    return {};
  }));
  std::ranges::move(judged, std::back_inserter(proof.cases));
  if (options.only.empty()) proof.cases.push_back(judge_flips_offline(lab, options.seed, options.flips_offline));
  return proof;
}

}  // namespace ashlar::prove
