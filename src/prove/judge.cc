#include "prove/judge.h"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <regex>

#include "base/interrupt.h"
#include "image/inspect.h"
#include "image/parallel.h"

namespace ashlar::prove {
namespace {

using End = Observation::End;

std::string expectation(const Attack& attack) {
  switch (attack.outcome) {
    case Outcome::stopped:
      return "the console says /" + attack.evidence + "/, and then that this boot ends here";
    case Outcome::unchanged:
      return "the machine becomes ready and runs what the owner signed: root hash, PCR 4 and PCR 11 as predicted";
    case Outcome::exposed:
      return "the machine becomes ready, and its PCRs are not those that /data is sealed to";
    case Outcome::either:
      return "any layer stops it, or the machine runs exactly what the owner signed";
  }
  return {};
}

std::string how_it_ended(const Observation& seen) {
  switch (seen.end) {
    case End::evidence:
      return "the console said: " + seen.line;
    case End::ready:
      return "the attack went through: " + seen.line;
    case End::gave_up:
      return "something else stopped it: " + seen.line;
    case End::silent:
      return "nothing that was expected came in time";
  }
  return {};
}

std::string not_reached(const Attack& attack) {
  return "the attack did not reach the machine: /" + attack.evidence + "/ was never said";
}

Prediction prediction_of(const Lab& lab) { return {lab.root_hash.hex(), lab.predicted}; }

bool among(const std::vector<unsigned>& pcrs, unsigned pcr) { return std::ranges::find(pcrs, pcr) != pcrs.end(); }

// Empty when what ran is what the owner signed, apart from PCRs that had to change.
std::string difference(const Prediction& predicted, const Observation& seen, const std::vector<unsigned>& changed) {
  if (seen.end != End::ready) return how_it_ended(seen);
  if (seen.root_hash != predicted.root_hash) return "another root is mounted: " + seen.line;
  for (const auto& [pcr, value] : predicted.pcrs) {
    auto found = seen.pcrs.find(pcr);
    if (found == seen.pcrs.end()) return fmt::format("the machine does not tell PCR {}", pcr);
    if (among(changed, pcr) == (found->second != value)) continue;
    return fmt::format("PCR {} is {}, predicted for the untouched machine is {}", pcr, found->second.hex(),
                       value.hex());
  }
  return {};
}

std::string pcrs_in_words(const Observation& seen, const std::vector<unsigned>& changed) {
  std::string words = "root hash and PCRs as predicted";
  for (unsigned pcr : changed)
    words += fmt::format(", PCR {} changed to {}", pcr, seen.pcrs.at(pcr).hex().substr(0, 16));
  return words;
}

// `verify` must say the word, or, for a disk nobody touched, that all holds.
std::string judge_offline(const Lab& lab, const Attack& attack, const Target& target, CaseReport& report) {
  auto verdict = image::verify_image(target.disk(), lab.certificates);
  report.offline = verdict ? "the disk's chain holds" : verdict.error().message();
  // The path says which copy it was, nothing about the link.
  if (std::size_t at = report.offline.find(target.disk().string() + ": "); at != std::string::npos) {
    report.offline.erase(0, at + target.disk().string().size() + 2);
  }
  if (attack.outcome == Outcome::either) return {};
  if (attack.offline.empty() == verdict.has_value() &&
      (verdict || std::regex_search(report.offline, std::regex(attack.offline)))) {
    return {};
  }
  return "offline, `verify` should say \"" + attack.offline + "\" and says: " + report.offline;
}

Result<Target> attacked(const Lab& lab, const Attack& attack, const std::string& name) {
  Target target = TRY(Target::make(lab, name));
  TRY(in("carry out " + attack.id, attack.carry_out(target)));
  return target;
}

Status judge_control(const Lab& lab, const Attack& attack, CaseReport& report) {
  if (!attack.control.weaken) {
    report.control = "the untouched machine, which became ready";
    return {};
  }
  Target target = TRY(attacked(lab, attack, attack.id + ".control"));
  TRY(in("weaken " + attack.id, attack.control.weaken(target)));
  fs::path screenshot = lab.options.work / (attack.id + ".control.png");
  Observation seen = TRY(observe(target.machine, {.evidence = attack.control.evidence,
                                                  .command = attack.control.command,
                                                  .play = attack.play,
                                                  .screenshot = screenshot}));
  report.control = attack.control.what + ": " + seen.line;
  if (seen.end == End::evidence) {
    fs::remove(screenshot);
    return {};
  }
  report.problem =
      "the control did not go through (/" + attack.control.evidence + "/ was expected): " + how_it_ended(seen);
  report.console = seen.console;
  report.screenshot = screenshot;
  target.keep();
  return {};
}

Status judge_machines(const Lab& lab, const Attack& attack, Target& target, CaseReport& report) {
  fs::path screenshot = lab.options.work / (attack.id + ".png");
  // A denial alone is not the end: the boot has to end with it.
  Observation seen = TRY(observe(target.machine, {.evidence = attack.evidence,
                                                  .ends_at_evidence = false,
                                                  .reads_pcrs = attack.outcome != Outcome::stopped,
                                                  .command = attack.command,
                                                  .play = attack.play,
                                                  .screenshot = screenshot}));
  compare(prediction_of(lab), attack, seen, report);
  if (report.held()) {
    fs::remove(screenshot);
    return judge_control(lab, attack, report);
  }
  report.screenshot = screenshot;
  return {};
}

// Whether the files of the target's ESP are others than the image's.
Result<bool> other_files(const Lab& lab, const Target& target) {
  image::OpenedImage image = TRY(image::open_image(target.disk()));
  image::EspFiles files;
  for (FatFile& file : image.esp) files[file.path] = std::move(file.content);
  return files != lab.esp;
}

CaseReport begin(const Attack& attack) {
  return {.id = attack.id,
          .attack = attack.what,
          .denied_by = attack.outcome == Outcome::either ? "whoever is hit" : std::string(name_of(attack.denied_by)),
          .expected = expectation(attack)};
}

}  // namespace

std::string_view name_of(Layer layer) {
  switch (layer) {
    case Layer::firmware:
      return "firmware";
    case Layer::stub:
      return "systemd-stub";
    case Layer::measurement:
      return "TPM measurement";
    case Layer::initramfs:
      return "initramfs";
    case Layer::signature:
      return "root hash signature";
    case Layer::verity:
      return "dm-verity";
    case Layer::ipe:
      return "IPE";
  }
  return {};
}

void compare(const Prediction& predicted, const Attack& attack, const Observation& seen, CaseReport& report) {
  report.console = seen.console;
  report.evidence = seen.evidence.empty() ? seen.line : seen.evidence;
  switch (attack.outcome) {
    case Outcome::stopped:
      if (seen.end != End::gave_up || seen.evidence.empty()) report.problem = how_it_ended(seen);
      return;
    case Outcome::unchanged:
      report.problem = difference(predicted, seen, attack.changed);
      if (report.held() && !attack.evidence.empty() && seen.evidence.empty()) {
        report.problem = not_reached(attack);
      }
      if (report.held()) report.evidence = pcrs_in_words(seen, attack.changed);
      return;
    case Outcome::exposed: {
      if (seen.end != End::ready) report.problem = how_it_ended(seen);
      if (report.held() && !attack.evidence.empty() && seen.evidence.empty()) report.problem = not_reached(attack);
      for (unsigned pcr : attack.changed) {
        auto found = seen.pcrs.find(pcr);
        if (found == seen.pcrs.end()) {
          report.problem = fmt::format("the machine does not tell PCR {}", pcr);
        } else if (found->second == predicted.pcrs.at(pcr)) {
          report.problem = fmt::format("PCR {} is the one /data is sealed to", pcr);
        } else {
          report.evidence = fmt::format("SecureBoot={}, PCR {} is {}", seen.secure_boot, pcr, found->second.hex());
        }
      }
      return;
    }
    case Outcome::either:
      if (seen.end == End::gave_up || seen.end == End::evidence) return;
      report.problem = difference(predicted, seen, {});
      if (report.problem.empty()) report.evidence = pcrs_in_words(seen, {});
      return;
  }
}

CaseReport judge_untouched(const Lab& lab) {
  const Observation& seen = lab.untouched;
  CaseReport report = {.id = "untouched",
                       .attack = "Nothing: the image boots from setup mode, enrols its keys, and becomes ready",
                       .denied_by = "nobody",
                       .expected = "Secure Boot on, the root on dm-verity, every PCR as predicted",
                       .evidence = seen.line,
                       .control = "this is the control of all others",
                       .console = seen.console,
                       .took = seen.took};
  auto verdict = image::verify_image(lab.options.image, lab.certificates);
  report.offline = verdict ? "the disk's chain holds" : verdict.error().message();
  report.problem = difference(prediction_of(lab), seen, {});
  if (report.held() && seen.secure_boot != "1") report.problem = "Secure Boot is not on";
  if (report.held() && !verdict) report.problem = report.offline;
  if (!report.held()) report.screenshot = lab.options.work / "untouched.png";
  return report;
}

CaseReport judge(const Lab& lab, const Attack& attack, Boots boots) {
  CaseReport report = begin(attack);
  auto started = std::chrono::steady_clock::now();
  Status judged = [&]() -> Status {
    Target target = TRY(attacked(lab, attack, attack.id));
    report.problem = judge_offline(lab, attack, target, report);
    Status machines;
    if (report.held() && boots == Boots::machines) machines = judge_machines(lab, attack, target, report);
    if (!report.held() || !machines) target.keep();
    return machines;
  }();
  if (!judged) report.problem = "could not be judged: " + judged.error().message();
  report.took = std::chrono::duration_cast<vm::Milliseconds>(std::chrono::steady_clock::now() - started);
  return report;
}

CaseReport judge_flips_offline(const Lab& lab, std::uint64_t seed, unsigned count) {
  CaseReport report = {
      .id = "flips.offline",
      .attack = fmt::format("{} disks with one bit changed at random, seed {}", count, seed),
      .denied_by = "`ashlar verify`",
      .expected = "verify names the broken link, or every file of the ESP and every block is as it was"};
  auto started = std::chrono::steady_clock::now();
  std::vector<Attack> flips;
  std::atomic<unsigned> caught = 0;
  std::mutex mutex;
  const unsigned workers = image::processor_count();
  auto judge_share = [&](std::size_t worker) -> Status {
    Target target = TRY(Target::make(lab, fmt::format("{}.{}", report.id, worker)));
    for (std::size_t i = worker; i < flips.size(); i += workers) {
      TRY(check_interrupted());
      TRY(flips[i].carry_out(target));
      if (image::verify_image(target.disk(), lab.certificates)) {
        if (TRY(other_files(lab, target))) {
          std::lock_guard lock(mutex);
          report.problem = flips[i].what + ": verify holds, and a file of the ESP is another";
          return {};
        }
      } else {
        ++caught;
      }
      TRY(flips[i].carry_out(target));  // and back
    }
    return {};
  };
  Status judged = [&]() -> Status {
    flips = TRY(bit_flips(lab, seed, count));
    return image::parallel_for(workers, judge_share);
  }();
  if (!judged) report.problem = "could not be judged: " + judged.error().message();
  report.evidence = fmt::format("{} caught, {} where nothing that is used lies", caught.load(), count - caught.load());
  report.offline = report.evidence;
  report.control = "the untouched disk, whose chain holds";
  if (report.held() && caught == 0) report.problem = "not one flip was caught";
  report.took = std::chrono::duration_cast<vm::Milliseconds>(std::chrono::steady_clock::now() - started);
  return report;
}

}  // namespace ashlar::prove
