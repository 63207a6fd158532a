#include "prove/prove_live.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/log.h"
#include "format/cpio.h"
#include "format/ipe_policy.h"
#include "format/selinux.h"
#include "prove/data_machine.h"
#include "prove/live_judge.h"
#include "prove/live_machine.h"
#include "prove/target.h"
#include "prove/weaken.h"
#include "vm/console.h"

namespace ashlar::prove {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr char kGiven[] = "/tmp/live-given";  // where the attack program looks for what the host brings
constexpr std::size_t kAttacksOfOneLine = 12;

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
  machine.memory_mib = 3072;  // for two browsers, the session's and the one that attacks
  for (const std::string& word :
       {std::string("-drive"), "if=none,id=stick,format=raw,snapshot=on,file=" + stick.string(), std::string("-device"),
        std::string("qemu-xhci"), std::string("-device"), std::string("usb-storage,drive=stick")}) {
    machine.extra_arguments.push_back(word);
  }
  return machine;
}

// What is tried on one machine: attacks by place.
using Plan = std::map<std::string_view, std::vector<std::string>>;
struct Plans {
  Plan strong, watched, open, bare;
};

void add(Plan& plan, std::string_view place, std::string_view attack) {
  std::vector<std::string>& attacks = plan[place];
  if (!attack.empty() && std::ranges::find(attacks, attack) == attacks.end()) attacks.emplace_back(attack);
}

Plans plans_for(std::span<const live::Case> cases, Tier tier) {
  Plans plans;
  for (const live::Case& each : cases) {
    Plan& own = each.layers == live::Layers::watched ? plans.watched : plans.strong;
    const std::string_view place = name_of(each.place);
    add(own, place, each.attack);
    if (each.control == live::Control::weak) {
      add(own, place, each.beside);
    } else if (each.control == live::Control::bare || tier == Tier::sample) {
      add(plans.bare, "bare", each.attack);
    } else {
      add(each.control == live::Control::watched ? plans.watched : plans.open, place, each.attack);
    }
  }
  return plans;
}

std::vector<live::Case> chosen(const LiveOptions& options) {
  std::vector<live::Case> cases;
  for (const live::Case& each : live::kCases) {
    if (!options.only.empty() && std::ranges::find(options.only, id_of(each)) == options.only.end()) continue;
    if (options.tier == Tier::sample && (live::is_slow(each) || each.layers != live::Layers::all)) continue;
    cases.push_back(each);
  }
  return cases;
}

Status bring(vm::Console& console, const Lab& lab) {
  auto sign = [&](const Signer& signer, std::string_view policy) { return sign_attached(signer, as_bytes(policy)); };
  TRY(console.run(std::string("mkdir -p ") + kGiven));
  TRY(console.write_file(std::string(kGiven) + "/roothash", as_bytes(lab.root_hash.hex())));
  TRY(console.write_file(std::string(kGiven) + "/roothash.p7s", TRY(file_of_initramfs(lab, "roothash.p7s"))));
  TRY(console.write_file(std::string(kGiven) + "/policy-foreign", TRY(sign(lab.stranger.image, kAllowAll))));
  return console.write_file(std::string(kGiven) + "/policy-older", TRY(sign(lab.owner.image, kOlder)));
}

// In lines short enough for a terminal.
Status carry_out(vm::Console& console, const Plan& plan, LiveRun& run) {
  for (const auto& [place, attacks] : plan) {
    log::info(fmt::format("attack as {}: {}", place, attacks.size()));
    for (std::size_t from = 0; from < attacks.size(); from += kAttacksOfOneLine) {
      std::size_t to = std::min(attacks.size(), from + kAttacksOfOneLine);
      std::string words = place == "bare" ? "bare" : fmt::format("in {}", place);
      for (std::size_t i = from; i < to; ++i) words += " " + attacks[i];
      TRY(ask_attack_program(console, words, run));
    }
  }
  return {};
}

// The whole system, attacked in every place; it is at its shell.
Result<LiveRun> attack_places(const Lab& lab, vm::Console console, const Plan& plan) {
  TRY(console.run("/usr/lib/ashlar/attack prepare", vm::kBootLimit));
  TRY(bring(console, lab));
  LiveRun run;
  TRY(carry_out(console, plan, run));
  TRY(ask_attack_program(console, "records", run));
  TRY(ask_attack_program(console, "denials", run));
  return run;
}

Result<LiveRun> attack_without_data(const Lab& lab, vm::Machine& machine, const Plan& plan) {
  vm::Console console(machine);
  vm::Asked asked = TRY(console.next_question(vm::kBootLimit));
  if (asked.label.empty()) asked = TRY(console.next_question(vm::kBootLimit));  // the start that enrolled the keys
  TRY(console.choose(asked, "Start without /data"));
  asked = TRY(console.next_question(vm::kBootLimit));
  if (!asked.at_shell()) return fail("the machine does not come to its shell:\n" + asked.text());
  return attack_places(lab, console, plan);
}

Result<LiveRun> attack_bare(const Lab& lab, vm::Machine& machine, const Plan& plan) {
  vm::Console console = TRY(bare_console(machine));
  TRY(bring(console, lab));
  LiveRun run;
  TRY(carry_out(console, plan, run));
  return run;
}

using Work = std::function<Result<LiveRun>(const Lab&, vm::Machine&, const Plan&)>;

Result<LiveRun> in_machine(const vm::MachineConfig& config, const Lab& lab, const Plan& plan, const Work& work) {
  vm::Machine machine = TRY(vm::Machine::start(config));
  Result<LiveRun> run = work(lab, machine, plan);
  if (!run) return std::unexpected(std::move(run).error().in("the console says last:\n" + machine.last_lines(12)));
  TRY(machine.quit());
  TRY(machine.wait_exit(seconds(60)));
  return run;
}

// With a /data that is set up, and open.
Result<LiveRun> attack_with_data(DataMachine& machine, const Lab& lab, const Plan& plan) {
  TRY(machine.power_on());
  FirstBoot done = TRY(set_up(machine));
  if (done.last.label.empty()) done = TRY(set_up(machine));  // the start that enrolled the keys
  if (!done.last.at_shell()) return fail("set-up ended before the shell:\n" + done.last.text());
  Result<LiveRun> run = attack_places(lab, machine.console(), plan);
  if (!run) {
    return std::unexpected(std::move(run).error().in("the console says last:\n" + machine.machine().last_lines(12)));
  }
  TRY(machine.machine().quit());
  TRY(machine.machine().wait_exit(seconds(60)));
  return run;
}

bool needs_data(const Plan& plan) {
  return std::ranges::any_of(
      plan, [](const auto& each) { return std::ranges::find(each.second, "exec.data") != each.second.end(); });
}

// The boot that enrols the keys, and is attacked.
Result<LiveRun> strong_run(Lab& lab, const fs::path& stick, const Plan& plan) {
  log::info("boot the image as it is, which enrols its keys");
  DataSetting setting = {.image = lab.options.image, .work = lab.options.work, .logs = lab.options.work};
  DataMachine machine = TRY(DataMachine::new_machine(setting, "live"));
  machine.config = with_stick(machine.config, stick);
  LiveRun run = needs_data(plan) ? TRY(attack_with_data(machine, lab, plan))
                                 : TRY(in_machine(machine.config, lab, plan, attack_without_data));
  lab.enrolled = lab.options.work / "enrolled.fd";
  TRY(write_file(lab.enrolled, TRY(read_file(machine.directory() / "variables.fd"))));
  return run;
}

// nullopt: nothing is to be tried there.
Result<std::optional<LiveRun>> weakened_run(const Lab& lab, const std::string& name, const fs::path& stick,
                                            Result<Bytes> uki, const Plan& plan, const Work& work) {
  if (plan.empty()) return std::optional<LiveRun>();
  log::info("boot it weakened: " + name);
  Target target = TRY(Target::make(lab, name));
  TRY(target.replace_uki(TRY(std::move(uki))));
  return std::optional(TRY(in(name, in_machine(with_stick(target.machine, stick), lab, plan, work))));
}

enum class Ipe { enforced, allows_everything };
// SELinux only watches, and memory may be writable and executable.
Result<Bytes> watched_uki(const Lab& lab, Ipe ipe) {
  UkiChanges changes;
  changes.command_line = "write_exec=allow " + lab.command_line;
  changes.initramfs[kSelinuxPolicyFile] = TRY(watching_policy(lab));
  if (ipe == Ipe::allows_everything) {
    changes.initramfs[kIpeRunPolicyFile] = TRY(sign_attached(lab.owner.image, as_bytes(kAllowAll)));
  }
  return make_changed_uki(lab, changes);
}

}  // namespace

Result<Proof> prove_live(const LiveOptions& options) {
  std::set<std::string> wanted(options.only.begin(), options.only.end());
  for (const live::Case& each : live::kCases) wanted.erase(id_of(each));
  if (!wanted.empty()) return fail_misuse("there is no case " + *wanted.begin() + "; `--live --list` names them");
  const std::vector<live::Case> cases = chosen(options);
  const Plans plans = plans_for(cases, options.tier);

  Lab lab = TRY(open_lab(options.lab));
  fs::path stick = TRY(make_stick(lab));
  LiveRun strong = TRY(in("the image as it is", strong_run(lab, stick, plans.strong)));
  auto weakened = [&](const char* name, Result<Bytes> uki, const Plan& plan, const Work& work) {
    return weakened_run(lab, name, stick, std::move(uki), plan, work);
  };
  auto bare = TRY(weakened("live.bare", bare_uki(lab, ""), plans.bare, attack_bare));
  auto watched = TRY(weakened("live.watched", watched_uki(lab, Ipe::enforced), plans.watched, attack_without_data));
  auto open = TRY(weakened("live.open", watched_uki(lab, Ipe::allows_everything), plans.open, attack_without_data));

  auto ran = [](const std::optional<LiveRun>& run) { return run ? &*run : nullptr; };
  LiveRuns runs = {.strong = &strong, .watched = ran(watched), .open = ran(open), .bare = ran(bare)};
  Proof proof = {.image = options.lab.image, .root_hash = lab.root_hash.hex(), .live = true};
  for (const live::Case& each : cases) proof.cases.push_back(judge_live(each, runs));
  proof.cases.push_back(judge_denials(cases, strong));
  return proof;
}

std::string list_live_cases() {
  std::string list;
  for (const live::Case& each : live::kCases) {
    list += fmt::format("{:36} {:12} {}\n", id_of(each), name_of(each.guard), each.what);
  }
  return list;
}

}  // namespace ashlar::prove
