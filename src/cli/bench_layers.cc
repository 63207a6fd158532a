#include "cli/bench_layers.h"

#include <fmt/format.h>

#include <sstream>
#include <thread>

#include "base/log.h"
#include "cli/bench_boot.h"
#include "cli/bench_layers_report.h"
#include "cli/bench_memory_report.h"
#include "cli/bench_table.h"
#include "cli/image_choice.h"
#include "image/cache.h"
#include "image/own_programs.h"
#include "prove/live_machine.h"
#include "prove/target.h"

namespace ashlar::cli {
namespace {

using std::chrono::seconds;

constexpr unsigned kRounds = 3;      // after each start
constexpr seconds kCalm(20);         // until what a start leaves behind is done
constexpr char kNothing[] = "bare";  // the place of the kernel alone, as the program calls it

// By what was measured, and where.
using Samples = std::map<std::string, std::vector<double>>;

Result<Bytes> attack_program(const image::BuildReport& report) {
  for (const fs::path& entry : report.used.programs) {
    const fs::path program = entry / image::kAttackProgram.name;
    if (fs::exists(program)) return read_file(program);
  }
  return fail("the program that measures was not compiled");
}

// The same system, started without its policies. What IPE was built with would let nothing of the root execute.
Result<Bytes> unlabelled_uki(const prove::Lab& lab, Bytes program) {
  prove::UkiChanges changes;
  changes.command_line = "lsm=landlock,lockdown,yama,selinux " + lab.command_line;
  changes.initramfs["init"] = std::move(program);
  return prove::make_changed_uki(lab, changes);
}

// The kernel alone, with what else the image's command line says.
Result<Bytes> kernel_alone_uki(const prove::Lab& lab) {
  std::istringstream line(lab.command_line);
  std::string more = "lsm=capability ";
  for (std::string word; line >> word && word != "--";) {
    const bool is_a_layers =
        word.starts_with("ipe.") || word.starts_with("dm_verity.") || word.starts_with("roothash=");
    if (!is_a_layers) more += word + " ";
  }
  return prove::bare_uki(lab, more);
}

Result<vm::Machine> start(const prove::Target& target, const std::string& name, Samples& samples) {
  log::info("boot the system " + name);
  vm::Machine machine = TRY(vm::Machine::start(target.machine));
  for (const auto& [milestone, seconds] : TRY(in(name, wait_for_milestones(machine, kOurMilestones)))) {
    samples[milestone + " " + name].push_back(seconds);
  }
  return machine;
}

// While it runs, nobody else does.
Status take_turn(vm::Machine& machine, const std::string& place, const std::vector<std::string>& loops,
                 Samples& samples) {
  TRY(machine.resume());
  vm::Console console(machine);
  std::string words = place == kNothing ? place : "in " + place;
  for (const std::string& loop : loops) words += " " + loop;
  prove::LiveRun run;
  TRY(prove::ask_attack_program(console, words, run));
  for (const std::string& loop : loops) {
    const prove::Attempt* attempt = run.find(place, loop);
    if (attempt == nullptr) return fail(loop + " in " + place + " was not tried");
    samples[loop + " " + place].push_back(TRY(microseconds_each(*attempt)));
  }
  return machine.pause();
}

void show(std::string_view what, const std::vector<double>& with, const std::vector<double>& without,
          std::string_view unit, std::string_view aim) {
  const Spread on = spread_of(with);
  const Spread off = spread_of(without);
  const double more = off.middle == 0 ? 0 : (on.middle / off.middle - 1) * 100;
  row(what, in_words(on, unit), aim, fmt::format("{}: {:+.1f} %", in_words(off, unit), more));
}

void show_all(unsigned boots, Samples& samples) {
  constexpr char kAim[] = "+3 %";
  row(fmt::format("{} boots, {} rounds after each, in turns", boots, kRounds), "with", "aim", "without");
  for (const char* milestone : {"ready", "session", "page"}) {
    auto of = [&](const char* how) { return samples[fmt::format("{} {}", milestone, how)]; };
    show(fmt::format("power-on to {}: policies", milestone), of("as it is"), of("without policies"), "s", kAim);
  }
  for (const char* loop : {"exec", "open"}) {
    auto of = [&](const char* place) { return samples[fmt::format("cost.{} {}", loop, place)]; };
    show(fmt::format("{}: the kernel's layers", loop), of("user"), of(kNothing), "us", kAim);
    show(fmt::format("{}: these and the sandbox", loop), of("session"), of(kNothing), "us", kAim);
  }
  auto page = [&](const char* which) {
    std::vector<double> times = samples[which];
    for (double& time : times) time /= 1e6;
    return times;
  };
  show("page of scripts: all layers", page("cost.page session"), page("cost.page bare"), "s", kAim);
  show("page of scripts: no compiler", page("cost.page bare"), page("cost.page-compiled bare"), "s", "");
}

}  // namespace

Status bench_layers(const ImageChoice& choice, unsigned boots) {
  ImageChoice live = choice;
  live.profile = "live";
  image::BuildOptions build = TRY(build_options(live));
  image::BuildReport image = TRY(image::build_image(build));
  image::Cache cache = TRY(image::Cache::open_default());
  image::TemporaryDirectory work = TRY(image::TemporaryDirectory::below(cache.work()));
  prove::Lab lab =
      TRY(prove::open_lab({.image = image.image, .keys = build.keys, .tools = build, .work = work.path()}));
  prove::Target whole = TRY(prove::Target::make(lab, "whole"));
  prove::Target unlabelled = TRY(prove::Target::make(lab, "unlabelled"));
  prove::Target nothing = TRY(prove::Target::make(lab, "nothing"));
  TRY(unlabelled.replace_uki(TRY(unlabelled_uki(lab, TRY(attack_program(image))))));
  TRY(nothing.replace_uki(TRY(kernel_alone_uki(lab))));
  for (prove::Target* target : {&whole, &unlabelled, &nothing}) target->machine.memory_mib = 3072;

  const std::vector<std::string> loops = {"cost.exec", "cost.open"};
  Samples samples;
  Samples warm_up;
  for (unsigned i = 0; i < boots; ++i) {
    TRY(TRY(start(unlabelled, "without policies", samples)).quit());
    vm::Machine on = TRY(start(whole, "as it is", samples));
    {
      vm::Console console(on);
      TRY(console.run("/usr/lib/ashlar/attack prepare", vm::kBootLimit));
      TRY(console.run(kCloseBrowser));  // what a session does by itself is not to be measured
      std::this_thread::sleep_for(kCalm);
    }
    TRY(on.pause());
    log::info("boot the kernel alone");
    vm::Machine off = TRY(vm::Machine::start(nothing.machine));
    TRY(prove::bare_console(off));
    TRY(off.pause());
    for (const char* place : {"user", "session"}) TRY(take_turn(on, place, loops, warm_up));
    TRY(take_turn(off, kNothing, loops, warm_up));
    for (unsigned round = 0; round < kRounds; ++round) {
      TRY(take_turn(on, "user", loops, samples));
      TRY(take_turn(off, kNothing, loops, samples));
      TRY(take_turn(on, "session", loops, samples));
    }
    TRY(take_turn(on, "session", {"cost.page"}, samples));
    TRY(take_turn(off, kNothing, {"cost.page", "cost.page-compiled"}, samples));
    TRY(on.quit());
    TRY(off.quit());
  }
  show_all(boots, samples);
  return {};
}

}  // namespace ashlar::cli
