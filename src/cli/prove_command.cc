#include <fmt/format.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/image_choice.h"
#include "prove/prove.h"
#include "prove/prove_live.h"

namespace ashlar::cli {

namespace {

constexpr char kLiveProfile[] = "live";

// The image, built when none is given, and a directory to work in.
Result<prove::LabOptions> lab_options(const ProveCommandOptions& options) {
  ImageChoice choice = options.choice;
  if (options.live) choice.profile = kLiveProfile;
  image::BuildOptions build = TRY(build_options(choice));
  prove::LabOptions lab = {.image = options.image, .keys = build.keys, .tools = build};
  if (options.image.empty()) lab.image = TRY(image::build_image(build)).image;
  lab.work = options.work.empty() ? build.output / "prove" : fs::absolute(options.work);
  std::error_code error;
  fs::create_directories(lab.work, error);
  if (error) return fail_errno("create " + lab.work.string(), error.value());
  return lab;
}

}  // namespace

Status prove_command(const ProveCommandOptions& options) {
  if (options.live && options.list) return print(prove::list_live_cases());
  prove::LabOptions lab = TRY(lab_options(options));
  prove::ProveOptions proof_options = {.lab = lab,
                                       .tier = options.sample ? prove::Tier::sample : prove::Tier::full,
                                       .only = options.only,
                                       .seed = options.seed,
                                       .flips_offline = options.flips_offline,
                                       .flips_booted = options.flips_booted};
  if (options.list) return print(TRY(prove::list_cases(proof_options)));
  prove::Proof proof = options.live
                           ? TRY(prove::prove_live({.lab = lab, .tier = proof_options.tier, .only = options.only}))
                           : TRY(prove::prove(proof_options));
  const fs::path& work = lab.work;
  fs::path report = options.report.empty() ? work / "report.html" : fs::absolute(options.report);
  TRY(write_file(report, as_bytes(TRY(prove::as_html(proof)))));
  TRY(print(options.json ? prove::as_json(proof) + "\n" : prove::as_table(proof)));
  log::info("the report: " + report.string());
  if (proof.broken() == 0) return {};
  std::string broken;
  for (const prove::CaseReport& each : proof.cases) {
    if (!each.held()) broken += "\n  " + each.id + ": " + each.problem;
  }
  return fail(fmt::format("{}; logs, disks and screenshots are in {}{}", proof.summary(), work.string(), broken));
}

}  // namespace ashlar::cli
