#include "prove/prove.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "base/interrupt.h"
#include "base/log.h"
#include "image/parallel.h"
#include "prove/attack_data.h"

namespace ashlar::prove {
namespace {

// The cases that were asked for.
struct Matrix {
  std::vector<Attack> attacks;
  std::vector<DataAttack> data_attacks;
};

Result<Matrix> matrix(const Lab& lab, const ProveOptions& options) {
  Matrix matrix{.attacks = boot_chain_attacks(lab)};
  auto add = [&](std::vector<Attack> more) { std::ranges::move(more, std::back_inserter(matrix.attacks)); };
  add(stub_attacks(lab));
  add(firmware_attacks(lab));
  add(partition_attacks(lab));
  add(TRY(root_attacks(lab)));
  add(TRY(bit_flips(lab, options.seed, options.flips_booted)));
  if (TRY(data_setting(lab))) matrix.data_attacks = data_attacks(options.seed);

  std::set<std::string> wanted(options.only.begin(), options.only.end());
  auto is_unwanted = [&](const auto& attack) { return !options.only.empty() && wanted.erase(attack.id) == 0; };
  std::erase_if(matrix.attacks, is_unwanted);
  std::erase_if(matrix.data_attacks, is_unwanted);
  if (!wanted.empty()) return fail_misuse("there is no case " + *wanted.begin() + "; `ashlar prove --list` names them");
  // Those cannot be judged offline.
  if (options.tier == Tier::sample && options.only.empty()) {
    std::erase_if(matrix.data_attacks, [](const DataAttack& attack) { return attack.tier != Tier::sample; });
  }
  std::erase_if(matrix.data_attacks, [](const DataAttack& attack) {
    bool impossible = !attack.needs.empty() && !fs::exists(attack.needs);
    if (impossible) log::warn(attack.id + " is left out: this host has no " + attack.needs.string());
    return impossible;
  });
  return matrix;
}

// The machine that the cases of /data copy, made when the first of them is judged.
class DataOrigin {
 public:
  explicit DataOrigin(const Lab& lab) : lab_(lab) {}
  DataOrigin(const DataOrigin&) = delete;
  DataOrigin& operator=(const DataOrigin&) = delete;
  // What a broken case keeps lies over the origin's disk.
  ~DataOrigin() {
    std::error_code ignored;
    if (made_ && *made_ && !broken_) fs::remove_all((*made_)->origin.setting.work, ignored);
  }

  CaseReport judge(const DataAttack& attack) {
    std::call_once(once_, [&] { made_.emplace(make()); });
    if (!*made_) return could_not_judge(attack, made_->error());
    CaseReport report = judge_data(**made_, attack);
    if (!report.held()) broken_ = true;
    return report;
  }

 private:
  Result<DataLab> make() const {
    log::info("set up the machine that the cases of /data copy");
    std::optional<DataSetting> setting = TRY(data_setting(lab_));
    return DataLab{lab_, TRY(in("set up a machine", make_origin(*setting, setting->work / "origin")))};
  }

  const Lab& lab_;
  std::once_flag once_;
  std::optional<Result<DataLab>> made_;
  std::atomic<bool> broken_ = false;
};

}  // namespace

Result<std::string> list_cases(const ProveOptions& options) {
  Lab lab = TRY(open_lab(options.lab));
  std::string list;
  Matrix cases = TRY(matrix(lab, options));
  for (const Attack& attack : cases.attacks) list += fmt::format("{:24} {}\n", attack.id, attack.what);
  for (const DataAttack& attack : cases.data_attacks) list += fmt::format("{:24} {}\n", attack.id, attack.what);
  return list;
}

Result<Proof> prove(const ProveOptions& options) {
  Lab lab = TRY(open_lab(options.lab));
  Matrix cases = TRY(matrix(lab, options));
  TRY(enrol(lab));
  Proof proof = {.image = options.lab.image, .root_hash = lab.root_hash.hex(), .seed = options.seed};
  proof.cases.push_back(judge_untouched(lab));

  using Judging = std::function<CaseReport()>;
  std::vector<Judging> all;
  for (const Attack& attack : cases.attacks) {
    bool booted = options.tier == Tier::full || attack.tier == Tier::sample || !options.only.empty() ||
                  attack.outcome == Outcome::either;
    all.emplace_back([&, booted] { return judge(lab, attack, booted ? Boots::machines : Boots::none); });
  }
  DataOrigin data(lab);
  const std::size_t first_of_data = all.size();
  if (!cases.data_attacks.empty()) all.emplace_back([&] { return data.judge(data_untouched()); });
  for (const DataAttack& attack : cases.data_attacks) all.emplace_back([&] { return data.judge(attack); });

  // Machines run side by side, one a core; each belongs to the thread that started it. What the cases of /data wait for
  // is begun first.
  std::vector<CaseReport> judged(all.size());
  log::Progress progress("attack", all.size());
  TRY(image::parallel_for(all.size(), [&](std::size_t i) -> Status {
    TRY(check_interrupted());
    const std::size_t each = (i + first_of_data) % all.size();
    judged[each] = all[each]();
    progress.advance();
    if (!judged[each].held()) log::warn(judged[each].id + " is broken: " + judged[each].problem);
    return {};
  }));
  std::ranges::move(judged, std::back_inserter(proof.cases));
  if (options.only.empty()) proof.cases.push_back(judge_flips_offline(lab, options.seed, options.flips_offline));
  return proof;
}

}  // namespace ashlar::prove
