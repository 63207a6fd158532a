#include "prove/live_machine.h"

#include "prove/weaken.h"

namespace ashlar::prove {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kPlaceLimit = minutes(15);  // the browser takes its time where it is not let

}  // namespace

Status ask_attack_program(vm::Console& console, const std::string& words, LiveRun& run) {
  constexpr unsigned kTries = 8;
  const std::string file = "/tmp/live-said";
  TRY(console.run("/usr/lib/ashlar/attack " + words + " 2>&1 | cat >" + file, kPlaceLimit));
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

Result<Bytes> bare_uki(const Lab& lab, const std::string& more) {
  const std::string line = direct_root(lab) + " write_exec=allow proc_mem.force_override=always printk.time=0 " + more +
                           "init=/usr/bin/dash --";
  return make_uki(lab, ".cmdline", as_bytes(line), &lab.owner.image);
}

Result<vm::Console> bare_console(vm::Machine& machine) {
  TRY(machine.wait_for_text("\n# ", vm::kBootLimit));
  TRY(machine.type_serial(std::string("PS1='") + vm::kShellPrompt + "'\n"));
  TRY(machine.wait_for_text(std::string("\n") + vm::kShellPrompt, seconds(60)));  // not the echo
  vm::Console console(machine);
  TRY(console.run("/usr/lib/ashlar/attack prepare-bare"));
  return console;
}

}  // namespace ashlar::prove
