#include "cli/bench_memory.h"

#include <fmt/format.h>

#include <set>
#include <thread>

#include "base/log.h"
#include "cli/bench_memory_report.h"
#include "cli/bench_table.h"
#include "cli/image_choice.h"
#include "image/cache.h"
#include "prove/data_machine.h"

namespace ashlar::cli {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kMemoryMib = 2048;
constexpr char kSaid[] = "/run/memory";
// Until what a start or an end of programs leaves behind is done.
constexpr seconds kCalm(45);

double mb(std::uint64_t kib) { return static_cast<double>(kib) * 1024 / 1e6; }
std::string in_mb(std::uint64_t kib) { return fmt::format("{:.1f} MB", mb(kib)); }

Result<MemoryReport> ask(vm::Console& console) {
  std::this_thread::sleep_for(kCalm);
  TRY(console.run("sync; " + memory_commands(kSaid), minutes(3)));
  Bytes said = TRY(console.read_file(kSaid));
  return parse_memory_report(as_text(said));
}

void show_whole(std::string_view when, const MemoryReport& report, std::string_view target) {
  row(fmt::format("{}: used", when), in_mb(report.used()), target, "MemTotal - MemAvailable");
  row("  processes' own, no file's", in_mb(report.anonymous), "", "AnonPages");
  row("  tmpfs, memfds, the screen's buffers", in_mb(report.shared), "", "Shmem");
  row("  the kernel's, kept", in_mb(report.slab_kept + report.stacks_and_tables), "",
      "SUnreclaim, KernelStack, PageTables");
}

void show_processes(const MemoryReport& report) {
  for (const ProcessMemory& process : report.processes) {
    row("  " + process.name, in_mb(process.resident_kib), process.process == 1 ? "2 MB" : "",
        fmt::format("resident; {} its own; user {}", in_mb(process.own_kib), process.user));
  }
}

}  // namespace

Status bench_memory(const ImageChoice& choice) {
  image::BuildOptions build = TRY(build_options(choice));
  image::BuildReport image = TRY(image::build_image(build));
  image::Cache cache = TRY(image::Cache::open_default());
  image::TemporaryDirectory work = TRY(image::TemporaryDirectory::below(cache.work()));
  prove::DataMachine machine = TRY(prove::DataMachine::new_machine(
      {.image = image.image, .work = work.path(), .logs = work.path(), .memory_mib = kMemoryMib}, "memory"));
  log::info("set up a machine with the desktop, and log in");
  TRY(machine.power_on());
  prove::FirstBoot done = TRY(prove::set_up(machine));
  // The start that enrolled the keys ended in a reset.
  if (done.last.label.empty() && machine.is_on()) done = TRY(prove::set_up(machine));
  if (!done.last.at_shell()) return fail("set-up ended before the shell:\n" + done.last.text());
  if (!done.last.says("the first page is there")) {
    TRY(machine.machine().wait_for_line("the first page is there", minutes(8)));
  }
  vm::Console console = machine.console();
  MemoryReport with_browser = TRY(ask(console));
  TRY(console.run(kCloseBrowser));
  MemoryReport before = TRY(ask(console));
  row(fmt::format("memory of {}, a machine of {} MiB", build.profile, kMemoryMib), "ashlar", "target", "");
  row("taken by the kernel before it counts", in_mb(kMemoryMib * 1024 - with_browser.total), "", "RAM - MemTotal");
  show_whole("logged in, no browser", before, "150 MB");
  show_processes(before);
  show_whole("with the browser on its first page", with_browser, "");
  show_processes(with_browser);
  TRY(machine.machine().quit());
  return {};
}

}  // namespace ashlar::cli
