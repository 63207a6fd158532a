// `ashlar`: one command for everything that happens on the host. Each subcommand is a function in commands.h; this
// file only says which arguments they take.
#include <CLI/CLI.hpp>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/commands.h"

namespace {

using namespace ashlar;
using namespace ashlar::cli;

// Arguments several subcommands share.
void add_image_choice(CLI::App* command, ImageChoice& choice) {
  command->add_option("--profile", choice.profile, "core, storage or desktop")->capture_default_str();
  command->add_option("--variant", choice.variant, "dev or release")->capture_default_str();
  command->add_option("--keys", choice.keys, "a directory or a pkcs11: URI; ~/.config/ashlar/keys/VARIANT otherwise");
  command->add_option("--mirror", choice.mirror, "URL or exported directory; the host's apt configuration otherwise");
  command->add_option("--lock", choice.lock, "another lock than os/packages.lock");
  command->add_option("-o,--output", choice.output, "directory for the image; out/ otherwise");
}

// Our own code returns its errors; what a library throws (no memory, a path that may not be looked at) ends here.
Status carry_out(const std::function<Status()>& command) {
  try {
    return command();
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Ashlar: an operating system that proves what it runs.", "ashlar");
  app.set_version_flag("--version", ASHLAR_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  static bool yes = false;  // read by ./ashlar
  app.add_flag("--yes", yes, "install missing host packages without asking (done by ./ashlar before this tool starts)");

  std::function<Status()> chosen;

  CLI::App* keys = app.add_subcommand("keys", "key sets: PK, KEK, db and the PCR key")->require_subcommand(1);
  CLI::App* keys_new = keys->add_subcommand("new", "make a key set for one variant");
  static KeysNewOptions keys_options;
  keys_new->add_option("directory", keys_options.directory, "~/.config/ashlar/keys/VARIANT otherwise");
  keys_new->add_option("--variant", keys_options.variant, "dev or release")->required();
  keys_new->callback([&] { chosen = [] { return keys_new_command(keys_options); }; });

  CLI::App* lock = app.add_subcommand("lock", "resolve os/profiles to exact packages in os/packages.lock");
  static LockCommandOptions lock_options;
  lock->add_option("--mirror", lock_options.mirror,
                   "URL or exported directory; the host's apt configuration otherwise");
  lock->add_option("--export", lock_options.export_directory,
                   "write every package the lock names to a directory usable as --mirror");
  lock->callback([&] { chosen = [] { return lock_command(lock_options); }; });

  CLI::App* build = app.add_subcommand("build", "build the signed disk image");
  static BuildCommandOptions build_options;
  add_image_choice(build, build_options.choice);
  build->add_flag("--json", build_options.json, "print image, hashes, sizes and the time of each step");
  build->callback([&] { chosen = [] { return build_command(build_options); }; });

  CLI::App* run = app.add_subcommand("run", "build what is missing and boot it under Secure Boot with a TPM 2.0");
  static RunCommandOptions run_options;
  add_image_choice(run, run_options.choice);
  run->add_option("--image", run_options.image, "boot this image instead of building one");
  run->add_flag("--headless", run_options.headless, "no window; the serial console is the terminal's (Ctrl-] ends it)");
  run->add_flag("--keep", run_options.keep, "keep disk, firmware variables and TPM in IMAGE.machine/");
  run->add_option("--until", run_options.until,
                  "end when this is reached: PID 1's ready line, or the browser's first page")
      ->check(CLI::IsMember({"ready", "desktop"}));
  run->add_option("--screenshot", run_options.screenshot, "PNG of the screen at the end");
  run->add_option("--serial", run_options.serial, "log of the serial console");
  run->add_option("--timeout", run_options.timeout_seconds, "seconds to wait with --until")->capture_default_str();
  run->add_flag("--json", run_options.json, "print what was reached, when");
  run->callback([&] { chosen = [] { return run_command(run_options); }; });

  CLI::App* inspect = app.add_subcommand("inspect", "show what an image says about itself");
  static InspectCommandOptions inspect_options;
  inspect->add_option("image", inspect_options.image)->required();
  inspect->add_flag("--hardening", inspect_options.hardening, "show how each program and library of it was compiled");
  inspect->add_flag("--json", inspect_options.json);
  inspect->callback([&] { chosen = [] { return inspect_command(inspect_options); }; });

  CLI::App* audit = app.add_subcommand("audit", "show how exposed each service of an image or a profile is, and why");
  static AuditCommandOptions audit_options;
  audit->add_option("of", audit_options.of, "an image, or a profile of os/profiles")->required();
  audit->add_flag("--json", audit_options.json, "print every question with its answer");
  audit->callback([&] { chosen = [] { return audit_command(audit_options); }; });

  CLI::App* verify = app.add_subcommand("verify", "check an image's whole chain offline, every verity block included");
  static VerifyCommandOptions verify_options;
  verify->add_option("image", verify_options.image)->required();
  verify->add_option("--keys", verify_options.keys, "a directory or a pkcs11: URI")->required();
  verify->add_flag("--json", verify_options.json);
  verify->callback([&] { chosen = [] { return verify_command(verify_options); }; });

  CLI::App* predict =
      app.add_subcommand("predict", "show what a TPM's PCR 4, 7, 11, 12 and 13 will be after the image booted");
  static PredictCommandOptions predict_options;
  predict->add_option("image", predict_options.image)->required();
  predict->add_flag("--json", predict_options.json);
  predict->callback([&] { chosen = [] { return predict_command(predict_options); }; });

  CLI::App* prove = app.add_subcommand("prove", "attack an image in real machines and show what held");
  static ProveCommandOptions prove_options;
  add_image_choice(prove, prove_options.choice);
  prove->add_option("image", prove_options.image, "an image of the dev variant; built when not given");
  prove->add_flag("--list", prove_options.list, "print the cases and what each does; attacks nothing");
  prove->add_option("--only", prove_options.only, "only the cases with these ids");
  prove->add_flag("--live", prove_options.live,
                  "attack the running system from inside instead; builds the profile live");
  prove->add_flag("--sample", prove_options.sample, "boot one case a layer, judge the others offline");
  prove->add_option("--seed", prove_options.seed, "of bit flips and power cuts at random")->capture_default_str();
  prove->add_option("--flips-offline", prove_options.flips_offline, "judged by verify alone")->capture_default_str();
  prove->add_option("--flips-booted", prove_options.flips_booted, "booted")->capture_default_str();
  prove->add_option("--work", prove_options.work, "directory for logs and broken disks; out/prove otherwise");
  prove->add_option("--report", prove_options.report, "HTML file; report.html in the work directory otherwise");
  prove->add_flag("--json", prove_options.json, "print every case instead of the table");
  prove->callback([&] { chosen = [] { return prove_command(prove_options); }; });

  CLI::App* test = app.add_subcommand("test", "every test: units, comparisons with the world's tools, real boots");
  static TestCommandOptions test_options;
  using Tier = TestCommandOptions::Tier;
  auto tier = [](Tier chosen_tier) { return [chosen_tier](std::int64_t) { test_options.tier = chosen_tier; }; };
  auto* quick = test->add_flag("--quick", tier(Tier::kQuick), "units, oracles and one boot: under five minutes");
  auto* soak = test->add_flag("--soak", tier(Tier::kSoak),
                              "hours: each fuzz target ten minutes, everything built twice; docs/MEASUREMENTS.md");
  soak->excludes(quick);
  test->add_option("--seed", test_options.seed, "of the soak run; drawn otherwise")->needs(soak);
  test->add_option("--label", test_options.label, "only this suite: unit, lint, oracle, fuzz, cli, boot, prove")
      ->excludes(quick)
      ->excludes(soak);
  test->add_option("--mirror", test_options.mirror,
                   "URL or exported directory; the host's apt configuration otherwise");
  test->callback([&] { chosen = [] { return test_command(test_options); }; });

  CLI::App* rebuild = app.add_subcommand("rebuild-check", "build the image a second time elsewhere and compare");
  static RebuildCheckOptions rebuild_options;
  add_image_choice(rebuild, rebuild_options.choice);
  rebuild->add_option("--against", rebuild_options.against, "compare with this image instead of a first build");
  rebuild->add_flag("--with-kernel", rebuild_options.with_kernel, "the kernel is made anew as well");
  rebuild->add_flag("--json", rebuild_options.json, "print what was compared and what differs");
  rebuild->callback([&] { chosen = [] { return rebuild_check_command(rebuild_options); }; });

  CLI::App* fuzz = app.add_subcommand("fuzz", "run a parser under libFuzzer; without a target: list them");
  static FuzzCommandOptions fuzz_options;
  fuzz->add_option("target", fuzz_options.target);
  fuzz->add_option("--seconds", fuzz_options.seconds, "until something is found or Ctrl-C otherwise");
  fuzz->callback([&] { chosen = [] { return fuzz_command(fuzz_options); }; });

  CLI::App* bench = app.add_subcommand(
      "bench", "measure builds, boots and sizes of a profile, of both without --profile, beside other tools");
  static BenchCommandOptions bench_options;
  bench_options.choice.profile.clear();
  add_image_choice(bench, bench_options.choice);
  using Part = BenchCommandOptions::Part;
  auto part = [](Part chosen_part) { return [chosen_part](std::int64_t) { bench_options.part = chosen_part; }; };
  auto* parts = bench->add_option_group("only one part");
  parts->add_flag("--boot", part(Part::boot), "from power-on, beside mkosi's image of the same packages");
  parts->add_flag("--memory", part(Part::memory), "what the desktop uses after the login, process by process");
  parts->add_flag("--layers", part(Part::layers), "what the kernel's layers and the sandbox cost: with and without");
  parts->add_flag("--unlocking", part(Part::unlocking), "what unlocking /data takes, part by part");
  parts->require_option(0, 1);
  bench->add_option("--boots", bench_options.boots, "how often each machine is started")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  bench->add_option("--mkosi", bench_options.mkosi,
                    "directory for mkosi's files, kept; --boot takes the image of an earlier run from there");
  bench->callback([&] { chosen = [] { return bench_command(bench_options); }; });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  note_interrupts();
  Status done = carry_out(chosen);
  if (done) return 0;
  log::error(done.error());
  return done.error().exit_status();
}
