#include "prove/prove_live.h"

#include <fmt/format.h>

#include <set>

#include "base/log.h"
#include "format/cpio.h"
#include "format/ipe_policy.h"
#include "prove/data_machine.h"
#include "prove/live_judge.h"
#include "prove/target.h"
#include "prove/weaken.h"
#include "vm/console.h"

namespace ashlar::prove {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr char kGiven[] = "/tmp/live-given";  // where the attack program looks for what the host brings
constexpr auto kPlaceLimit = minutes(8);

// The same name as the image's own, so that it takes its place; a later version is not needed, nothing is there yet.
constexpr std::string_view kAllowAll = "policy_name=ashlar policy_version=0.0.1\nDEFAULT action=ALLOW\n";
constexpr std::string_view kOlder = "policy_name=ashlar policy_version=0.0.0\nDEFAULT action=ALLOW\n";

Result<Bytes> file_of_initramfs(const Lab& lab, std::string_view path) {
  for (const auto& [name, content] : lab.uki) {
    if (name != ".initrd") continue;
    for (const CpioNode& node : TRY(parse_cpio(content))) {
      if (node.path == path) return Bytes(node.content.begin(), node.content.end());
    }
  }
  return fail("the initramfs has no " + std::string(path));
}

// What a USB stick is: a file system the kernel knows, which it mounts from a disk of its own.
Result<fs::path> make_stick(const Lab& lab) {
  fs::path stick = lab.options.work / "stick.raw";
  TRY(image::write_esp(lab.tools, {{"ashlar", Bytes(1)}}, 64, stick));
  return stick;
}

vm::MachineConfig with_stick(vm::MachineConfig machine, const fs::path& stick) {
  machine.memory_mib = 2048;
  for (const std::string& word :
       {std::string("-drive"), "if=none,id=stick,format=raw,snapshot=on,file=" + stick.string(), std::string("-device"),
        std::string("qemu-xhci"), std::string("-device"), std::string("usb-storage,drive=stick")}) {
    machine.extra_arguments.push_back(word);
  }
  return machine;
}

Status bring(vm::Console& console, const Lab& lab) {
  auto sign = [&](const Signer& signer, std::string_view policy) { return sign_attached(signer, as_bytes(policy)); };
  TRY(console.run(std::string("mkdir -p ") + kGiven));
  TRY(console.write_file(std::string(kGiven) + "/roothash", as_bytes(lab.root_hash.hex())));
  TRY(console.write_file(std::string(kGiven) + "/roothash.p7s", TRY(file_of_initramfs(lab, "roothash.p7s"))));
  TRY(console.write_file(std::string(kGiven) + "/policy-foreign", TRY(sign(lab.stranger.image, kAllowAll))));
  return console.write_file(std::string(kGiven) + "/policy-older", TRY(sign(lab.owner.image, kOlder)));
}

// One of the program's verbs. What it says is printed from a file, again and again until all of it came through.
Status attack(vm::Console& console, const std::string& words, LiveRun& run) {
  constexpr unsigned kTries = 8;
  const std::string file = "/tmp/live-said";
  TRY(console.run("/usr/lib/ashlar/attack " + words + " >" + file + " 2>&1", kPlaceLimit));
  LiveRun part;
  std::string said;
  for (unsigned i = 0; i < kTries && !part.complete(); ++i) {
    said = TRY(console.run("cat " + file, kPlaceLimit));
    part.take(said);
  }
  if (!part.complete()) return fail("`attack " + words + "` did not say all it has to say: " + said);
  run.add(std::move(part));
  return {};
}

// For the program's command line: all attacks, or none of the slow ones.
std::string words_for(Tier tier) { return tier == Tier::sample ? " quick" : ""; }

// The whole system, attacked in every place; it is at its shell.
Result<LiveRun> attack_places(const Lab& lab, vm::Console console, Tier tier) {
  TRY(console.run("/usr/lib/ashlar/attack serve"));
  TRY(bring(console, lab));
  LiveRun run;
  for (live::Place place : live::kPlaces) {
    log::info(fmt::format("attack as {}", name_of(place)));
    TRY(attack(console, fmt::format("in {}{}", name_of(place), words_for(tier)), run));
  }
  TRY(attack(console, "records", run));
  return run;
}

Result<LiveRun> attack_without_data(const Lab& lab, vm::Machine& machine, Tier tier) {
  vm::Console console(machine);
  vm::Asked asked = TRY(console.next_question(vm::kBootLimit));
  if (asked.label.empty()) asked = TRY(console.next_question(vm::kBootLimit));  // the start that enrolled the keys
  TRY(console.choose(asked, "Start without /data"));
  asked = TRY(console.next_question(vm::kBootLimit));
  if (!asked.at_shell()) return fail("the machine does not come to its shell:\n" + asked.text());
  return attack_places(lab, console, tier);
}

// A shell is PID 1.
Result<LiveRun> attack_bare(const Lab& lab, vm::Machine& machine, Tier tier) {
  TRY(machine.wait_for_text("\n# ", vm::kBootLimit));
  TRY(machine.type_serial(std::string("PS1='") + vm::kShellPrompt + "'\n"));
  TRY(machine.wait_for_text(vm::kShellPrompt, seconds(60)));
  vm::Console console(machine);
  TRY(console.run("/usr/lib/ashlar/attack bare nothing"));  // mounts what files are put on
  TRY(bring(console, lab));
  LiveRun run;
  TRY(attack(console, "bare" + words_for(tier), run));
  return run;
}

using Work = std::function<Result<LiveRun>(const Lab&, vm::Machine&, Tier)>;

Result<LiveRun> in_machine(const vm::MachineConfig& config, const Lab& lab, Tier tier, const Work& work) {
  vm::Machine machine = TRY(vm::Machine::start(config));
  Result<LiveRun> run = work(lab, machine, tier);
  if (!run) return std::unexpected(std::move(run).error().in("the console says last:\n" + machine.last_lines(12)));
  TRY(machine.quit());
  TRY(machine.wait_exit(seconds(60)));
  return run;
}

// With a /data that is set up, and open.
Result<LiveRun> attack_with_data(DataMachine& machine, const Lab& lab) {
  FirstBoot done = TRY(set_up(machine));
  if (!done.last.at_shell()) return fail("set-up ended before the shell:\n" + done.last.text());
  Result<LiveRun> run = attack_places(lab, machine.console(), Tier::full);
  if (!run) {
    return std::unexpected(std::move(run).error().in("the console says last:\n" + machine.machine().last_lines(12)));
  }
  TRY(machine.machine().quit());
  TRY(machine.machine().wait_exit(seconds(60)));
  return run;
}

// The boot that enrols the keys, and is attacked.
Result<LiveRun> strong_run(Lab& lab, const fs::path& stick, Tier tier) {
  log::info("boot the image as it is, which enrols its keys");
  DataSetting setting = {.image = lab.options.image, .work = lab.options.work, .logs = lab.options.work};
  DataMachine machine = TRY(DataMachine::new_machine(setting, "live"));
  machine.config = with_stick(machine.config, stick);
  LiveRun run = tier == Tier::full ? TRY(attack_with_data(machine, lab))
                                   : TRY(in_machine(machine.config, lab, tier, attack_without_data));
  lab.enrolled = lab.options.work / "enrolled.fd";
  TRY(write_file(lab.enrolled, TRY(read_file(machine.directory() / "variables.fd"))));
  return run;
}

Result<LiveRun> weakened_run(const Lab& lab, const std::string& name, const fs::path& stick, Bytes uki, Tier tier,
                             const Work& work) {
  log::info("boot it weakened: " + name);
  Target target = TRY(Target::make(lab, name));
  TRY(target.replace_uki(std::move(uki)));
  return in_machine(with_stick(target.machine, stick), lab, tier, work);
}

Result<LiveRun> run_without_ipe(const Lab& lab, const fs::path& stick, Tier tier) {
  UkiChanges changes;
  changes.initramfs[kIpeRunPolicyFile] = TRY(sign_attached(lab.owner.image, as_bytes(kAllowAll)));
  return weakened_run(lab, "live.without-ipe", stick, TRY(make_changed_uki(lab, changes)), tier, attack_without_data);
}

Result<LiveRun> run_bare(const Lab& lab, const fs::path& stick, Tier tier) {
  const std::string line = direct_root(lab) + " proc_mem.force_override=always printk.time=0 init=/usr/bin/dash --";
  Bytes uki = TRY(make_uki(lab, ".cmdline", as_bytes(line), &lab.owner.image));
  return weakened_run(lab, "live.bare", stick, std::move(uki), tier, attack_bare);
}

}  // namespace

Result<Proof> prove_live(const LiveOptions& options) {
  std::set<std::string> wanted(options.only.begin(), options.only.end());
  for (const live::Case& each : live::kCases) wanted.erase(id_of(each));
  if (!wanted.empty()) return fail_misuse("there is no case " + *wanted.begin() + "; `--live --list` names them");
  const Tier tier = options.tier;
  Lab lab = TRY(open_lab(options.lab));
  fs::path stick = TRY(make_stick(lab));
  LiveRun strong = TRY(in("the image as it is", strong_run(lab, stick, tier)));
  LiveRun bare = TRY(in("without any layer", run_bare(lab, stick, tier)));
  std::optional<LiveRun> without_ipe;
  if (tier == Tier::full) without_ipe = TRY(in("without IPE", run_without_ipe(lab, stick, tier)));
  LiveRuns runs = {.strong = &strong, .without_ipe = without_ipe ? &*without_ipe : nullptr, .bare = &bare};
  Proof proof = {.image = options.lab.image, .root_hash = lab.root_hash.hex(), .live = true};
  for (const live::Case& each : live::kCases) {
    if (!options.only.empty() && std::ranges::find(options.only, id_of(each)) == options.only.end()) continue;
    if (tier == Tier::sample && live::is_slow(each)) continue;
    proof.cases.push_back(judge_live(each, runs));
  }
  return proof;
}

std::string list_live_cases() {
  std::string list;
  for (const live::Case& each : live::kCases) {
    list += fmt::format("{:28} {:12} {}\n", id_of(each), name_of(each.guard), each.what);
  }
  return list;
}

}  // namespace ashlar::prove
