#include <fmt/format.h>

#include "base/log.h"
#include "image/own_programs.h"
#include "prove/attack_data.h"
#include "prove/erofs_places.h"

namespace ashlar::prove {
namespace {

constexpr std::size_t kKeptLines = 20;
constexpr std::uint64_t kSessionMemoryMib = 2048;
// Where there is a session, this is in it.
constexpr char kProgramDirectory[] = "/usr/bin";
constexpr char kCompositor[] = "sway";

CaseReport begin(const DataAttack& attack) {
  return {.id = attack.id, .attack = attack.what, .denied_by = attack.denied_by, .expected = attack.expected};
}

Status play(DataScene& scene, const DataAttack& attack, CaseReport& report) {
  TRY(in("could not be carried out", attack.carry_out(scene)));
  report.evidence = TRY(attack.judge(scene));
  return {};
}

void keep_evidence(DataScene& scene, CaseReport& report) {
  scene.machine.keep();
  if (!scene.machine.is_on()) return;
  report.console = scene.machine.machine().last_lines(kKeptLines);
  fs::path screenshot = scene.lab.origin.setting.logs / (report.id + ".png");
  if (Status taken = scene.machine.machine().screenshot(screenshot)) {
    report.screenshot = screenshot;
  } else {
    log::warn(taken.error().message());
  }
}

}  // namespace

Result<std::optional<DataSetting>> data_setting(const Lab& lab) {
  const fs::path program = "/" / fs::path(image::kDataProgram.place);
  if (!TRY(has_file(lab, program.parent_path(), program.filename()))) return std::nullopt;
  DataSetting setting{.image = lab.options.image,
                      .variables = lab.enrolled,
                      .work = lab.options.work / "data",
                      .logs = lab.options.work};
  if (TRY(has_file(lab, kProgramDirectory, kCompositor))) setting.memory_mib = kSessionMemoryMib;
  return setting;
}

Status DataScene::edit_disk(const std::function<Status(Target&)>& edit) {
  Target target = Target::over(lab.lab, TRY(machine.own_disk()));
  return edit(target);
}

std::vector<DataAttack> data_attacks(std::uint64_t seed) {
  std::vector<DataAttack> attacks = data_tpm_attacks();
  for (std::vector<DataAttack> more : {data_header_attacks(), data_login_attacks(), data_power_cuts(seed)}) {
    std::ranges::move(more, std::back_inserter(attacks));
  }
  return attacks;
}

DataAttack data_untouched() {
  return {.id = "data.untouched",
          .what = "Nothing: a machine is set up as a person does it, and a copy of it started",
          .denied_by = "nobody",
          .expected = "/data opens with the password, and what was written on the first day is there",
          .carry_out = [](DataScene& scene) -> Status {
            scene.control = "this is the control of the other cases of /data";
            return {};
          },
          .judge = [](DataScene& scene) -> Result<std::string> {
            TRY(scene.machine.expect_opens());
            return std::string(kHomeFile) + ": " + kContent;
          },
          .tier = Tier::sample};
}

CaseReport could_not_judge(const DataAttack& attack, const Error& why) {
  CaseReport report = begin(attack);
  report.problem = "could not be judged: " + why.message();
  return report;
}

CaseReport judge_data(const DataLab& lab, const DataAttack& attack) {
  CaseReport report = begin(attack);
  auto started = std::chrono::steady_clock::now();
  Status judged = [&]() -> Status {
    DataMachine machine = TRY(DataMachine::like(lab.origin, attack.id));
    DataScene scene{.lab = lab, .machine = std::move(machine), .asked = {}, .control = {}};
    scene.control = "the same machine untouched (data.untouched) opens with the password";
    Status held = play(scene, attack, report);
    report.control = scene.control;
    if (!held) keep_evidence(scene, report);
    return held;
  }();
  if (!judged) report.problem = judged.error().message();
  report.took = std::chrono::duration_cast<vm::Milliseconds>(std::chrono::steady_clock::now() - started);
  return report;
}

}  // namespace ashlar::prove
