#include "cli/bench_boot.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/bench_table.h"

namespace ashlar::cli {
namespace {

constexpr auto kLimit = std::chrono::minutes(20);

// On a busy host an emulated machine needs more than the 90 s that systemd waits for a disk or a unit.
constexpr char kPatience[] =
    "type=11,value=io.systemd.stub.kernel-cmdline-extra=systemd.default_device_timeout_sec=900 "
    "systemd.default_timeout_start_sec=900";

// The machine that `ashlar run` uses. What it writes is forgotten, the keys it enrolled too.
Result<BootTimes> boot_times(const fs::path& image, const std::vector<Milestone>& milestones, std::string smbios = {}) {
  vm::MachineConfig config;
  config.disk = image;
  if (!smbios.empty()) config.smbios.push_back(std::move(smbios));
  vm::Machine machine = TRY(vm::Machine::start(config));
  BootTimes times = TRY(in("boot " + image.string(), wait_for_milestones(machine, milestones)));
  TRY(machine.quit());
  return times;
}

std::string beside(const Spread& ours, const Spread& prompt) {
  if (prompt.middle == 0) return "no image of mkosi's";
  return fmt::format("{:.2f} of the {} to its login prompt", ours.middle / prompt.middle, in_words(prompt, "s"));
}

}  // namespace

vm::Verdict MilestoneDetector::on_line(std::string_view line) {
  first_boot_.on_line(line);
  return look(line);
}

std::optional<std::string_view> MilestoneDetector::answer(std::string_view unfinished) {
  if (look(unfinished).state == vm::Verdict::State::ready) return "\r";
  return first_boot_.answer(unfinished);
}

vm::Verdict MilestoneDetector::look(std::string_view line) {
  for (const Milestone& milestone : milestones_) {
    if (line.find(milestone.sign) != line.npos) reached_.try_emplace(milestone.name, vm::Clock::now());
  }
  if (reached_.size() < milestones_.size()) return {};
  return {vm::Verdict::State::ready, std::string(line)};
}

BootTimes MilestoneDetector::times(vm::Clock::time_point power_on) const {
  BootTimes times;
  for (const auto& [name, at] : reached_) times[name] = std::chrono::duration<double>(at - power_on).count();
  return times;
}

Result<BootTimes> wait_for_milestones(vm::Machine& machine, const std::vector<Milestone>& milestones) {
  MilestoneDetector detector(milestones);
  vm::Verdict verdict = TRY(vm::wait_until_ready(machine, detector, kLimit));
  if (verdict.state == vm::Verdict::State::failed) {
    return fail(verdict.evidence + "\nThe console says last:\n" + machine.last_lines(8));
  }
  return detector.times(machine.status().last_reset);
}

Status bench_boot(const fs::path& image, bool has_desktop, const fs::path& peer, unsigned boots) {
  std::map<std::string, std::vector<double>> times;
  auto boot = [&](const fs::path& disk, const std::vector<Milestone>& milestones, const char* smbios = "") -> Status {
    for (const auto& [name, seconds] : TRY(boot_times(disk, milestones, smbios))) times[name].push_back(seconds);
    return {};
  };
  for (unsigned i = 0; i < boots; ++i) {
    TRY(boot(image, has_desktop ? kOurMilestones : std::vector{kOurMilestones.front()}));
    if (!peer.empty()) TRY(boot(peer, kPeerMilestones, kPatience));
  }
  const Spread prompt = spread_of(times["login prompt"]);
  auto boot_row = [&](std::string_view what, const char* milestone, std::string_view target) {
    const Spread ours = spread_of(times[milestone]);
    row(what, in_words(ours, "s"), target, beside(ours, prompt));
  };
  row(fmt::format("{} boots each, in turns, keys enrolled", boots), "", "", vm::accelerator_reason());
  boot_row("power-on to ready", "ready", "30 s");
  if (!has_desktop) return {};
  boot_row("power-on to the session, in which sway runs", "session", "third");
  boot_row("power-on to the browser's window", "browser", "half");
  boot_row("power-on to its first page", "page", "");
  return {};
}

}  // namespace ashlar::cli
