#include "cli/bench_layers.h"

#include <fmt/format.h>

#include "base/log.h"
#include "cli/bench_boot.h"
#include "cli/bench_layers_report.h"
#include "cli/bench_table.h"
#include "cli/image_choice.h"
#include "image/cache.h"
#include "image/own_programs.h"
#include "prove/target.h"
#include "vm/console.h"

namespace ashlar::cli {
namespace {

using std::chrono::minutes;

constexpr unsigned kRounds = 2;  // after each start
constexpr char kSaid[] = "/run/cost.said";

// Where each machine is measured. With the layers, the root shell's own place: no domain that it may enter can make a
// sandbox. Without them nothing is in the way "beside", and in "session" the sandbox is: seccomp, Landlock, its own
// view.
struct Side {
  std::string name;
  std::vector<std::string> places;
  std::vector<std::string> pages;  // "PLACE LOOP"
};
const Side kWith = {"with", {"console"}, {}};
const Side kWithout = {"without", {"session", "beside"}, {"beside page", "free page-jit"}};

// By side, place and loop.
using Samples = std::map<std::string, std::vector<double>>;

struct Started {
  vm::Machine machine;
  const Side* side;
};

Result<Bytes> cost_program(const image::BuildReport& report) {
  for (const fs::path& entry : report.used.programs) {
    const fs::path program = entry / image::kCostProgram.name;
    if (fs::exists(program)) return read_file(program);
  }
  return fail("the program that measures was not compiled");
}

// The same image, started by our own initramfs program instead of the image's.
Result<Bytes> uki_without_layers(const prove::Lab& lab, Bytes program) {
  prove::UkiChanges changes;
  changes.command_line = lab.command_line;
  const std::string enforcing = "ipe.enforce=1";
  const std::size_t at = changes.command_line.find(enforcing);
  if (at == std::string::npos) return fail("the command line does not say that IPE enforces");
  changes.command_line.replace(at, enforcing.size(), "ipe.enforce=0");
  changes.initramfs["init"] = std::move(program);
  return prove::make_changed_uki(lab, changes);
}

std::vector<std::string> loops_of(const Side& side) {
  std::vector<std::string> all;
  for (const std::string& place : side.places) all.push_back(place + " exec open");
  return all;
}

Status measure(Started& started, const std::string& words, Samples& samples) {
  vm::Console console(started.machine);
  TRY(console.run(fmt::format("/usr/lib/ashlar/cost in {} 2>&1 | cat >{}", words, kSaid), minutes(10)));
  Bytes said = TRY(console.read_file(kSaid));
  for (const auto& [where, microseconds] : TRY(in(started.side->name, parse_loop_times(as_text(said))))) {
    samples[started.side->name + " " + where.first + " " + where.second].push_back(microseconds);
  }
  return {};
}

Result<Started> start(const prove::Target& target, const Side& side, Samples& samples) {
  log::info("boot it " + side.name + " its layers");
  Started started = {TRY(vm::Machine::start(target.machine)), &side};
  Result<BootTimes> times = wait_for_milestones(started.machine, kOurMilestones);
  if (!times) return std::unexpected(std::move(times).error().in(side.name + " layers"));
  for (const auto& [name, seconds] : *times) samples[side.name + " " + name].push_back(seconds);
  vm::Console console(started.machine);
  // What a session does by itself is not to be measured.
  TRY(
      console.run("for p in /proc/[0-9]*; do read -r n <$p/comm; case $n in chrom*) kill ${p#/proc/};; esac; done "
                  "2>/dev/null; sleep 5",
                  minutes(2)));
  Samples warm_up;
  for (const std::string& words : loops_of(side)) TRY(measure(started, words, warm_up));
  TRY(started.machine.pause());
  return started;
}

// While it runs, nobody else does.
Status take_turn(Started& started, const std::vector<std::string>& all, Samples& samples) {
  TRY(started.machine.resume());
  for (const std::string& words : all) TRY(measure(started, words, samples));
  return started.machine.pause();
}

void show(std::string_view what, const std::vector<double>& with, const std::vector<double>& without,
          std::string_view unit) {
  const Spread on = spread_of(with);
  const Spread off = spread_of(without);
  const double more = off.middle == 0 ? 0 : (on.middle / off.middle - 1) * 100;
  row(what, in_words(on, unit), "3 %", fmt::format("{}: {:+.1f} %", in_words(off, unit), more));
}

void show_all(unsigned boots, Samples& samples) {
  // Times are the guest's, which counts instructions.
  row(fmt::format("{} boots, {} rounds after each, in turns", boots, kRounds), "with", "aim", "without");
  for (const char* milestone : {"ready", "compositor", "page"}) {
    show(fmt::format("power-on to {}", milestone), samples[fmt::format("with {}", milestone)],
         samples[fmt::format("without {}", milestone)], "s");
  }
  for (const char* loop : {"exec", "open"}) {
    auto of = [&](const char* where) { return samples[fmt::format("{} {}", where, loop)]; };
    show(fmt::format("{}: the kernel's layers", loop), of("with console"), of("without beside"), "us");
    show(fmt::format("{}: the sandbox", loop), of("without session"), of("without beside"), "us");
  }
  auto page = [&](const char* where) {
    std::vector<double> times = samples[where];
    for (double& time : times) time /= 1e6;
    return times;
  };
  show("page of scripts: no compiler (jitless)", page("without beside page"), page("without free page-jit"), "s");
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
  prove::Target with = TRY(prove::Target::make(lab, "with"));
  prove::Target without = TRY(prove::Target::make(lab, "without"));
  TRY(without.replace_uki(TRY(uki_without_layers(lab, TRY(cost_program(image))))));
  for (prove::Target* target : {&with, &without}) {
    target->machine.memory_mib = 2048;
    target->machine.accelerator = vm::Accelerator::counted;
  }

  Samples samples;
  for (unsigned i = 0; i < boots; ++i) {
    Started on = TRY(start(with, kWith, samples));
    Started off = TRY(start(without, kWithout, samples));
    for (unsigned round = 0; round < kRounds; ++round) {
      TRY(take_turn(on, loops_of(kWith), samples));
      TRY(take_turn(off, loops_of(kWithout), samples));
    }
    TRY(take_turn(on, kWith.pages, samples));
    TRY(take_turn(off, kWithout.pages, samples));
  }
  show_all(boots, samples);
  return {};
}

}  // namespace ashlar::cli
