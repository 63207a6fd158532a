#include <fmt/format.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/image_choice.h"
#include "prove/prove.h"

namespace ashlar::cli {

Status prove_command(const ProveCommandOptions& options) {
  image::BuildOptions build = TRY(build_options(options.choice));
  prove::ProveOptions proof_options = {.lab = {.image = options.image, .keys = build.keys, .tools = build},
                                       .tier = options.sample ? prove::Tier::sample : prove::Tier::full,
                                       .only = options.only,
                                       .seed = options.seed,
                                       .flips_offline = options.flips_offline,
                                       .flips_booted = options.flips_booted};
  if (options.image.empty()) proof_options.lab.image = TRY(image::build_image(build)).image;
  fs::path work = options.work.empty() ? build.output / "prove" : fs::absolute(options.work);
  std::error_code error;
  fs::create_directories(work, error);
  if (error) return fail_errno("create " + work.string(), error.value());
  proof_options.lab.work = work;

  if (options.list) return print(TRY(prove::list_cases(proof_options)));
  prove::Proof proof = TRY(prove::prove(proof_options));
  fs::path report = options.report.empty() ? work / "report.html" : fs::absolute(options.report);
  TRY(write_file(report, as_bytes(TRY(prove::as_html(proof)))));
  TRY(print(options.json ? prove::as_json(proof) + "\n" : prove::as_table(proof)));
  log::info("the report: " + report.string());
  if (proof.broken() == 0) return {};
  std::string broken;
  for (const prove::CaseReport& each : proof.cases) {
    if (!each.held()) broken += "\n  " + each.id + ": " + each.problem;
  }
  return fail(fmt::format("{} of {} cases are broken; logs, disks and screenshots are in {}{}", proof.broken(),
                          proof.cases.size(), work.string(), broken));
}

}  // namespace ashlar::cli
