// `ashlar bench`: how long things take here and now, beside the tools the world uses, in one run and one table.
#include <fmt/format.h>

#include "base/log.h"
#include "base/subprocess.h"
#include "cli/bench_boot.h"
#include "cli/bench_layers.h"
#include "cli/bench_memory.h"
#include "cli/bench_peers.h"
#include "cli/bench_table.h"
#include "cli/commands.h"
#include "cli/image_choice.h"
#include "image/cache.h"
#include "image/mirror.h"
#include "image/parallel.h"
#include "image/rebuild.h"
#include "image/recipe.h"

namespace ashlar::cli {
namespace {

using namespace image;

// What the project wants to hold on two cores of their own, seconds.
struct Targets {
  std::string_view from_packages;
  std::string_view one_file = "5 s";
};
Targets targets_of(std::string_view profile) { return {.from_packages = profile == "core" ? "6 s" : "25 s"}; }

// A peer that failed costs its cell of the table, not the table.
std::string cell(const Result<std::string>& peer) {
  if (peer) return *peer;
  std::string reason = peer.error().message();
  return "failed: " + reason.substr(0, reason.find('\n'));
}

// Gives a cache what takes long or comes from the network (packages, workshop, kernel, our programs) and nothing else,
// so that the image itself is made from the beginning.
Status lend_entries(const UsedEntries& used, const Cache& to) {
  for (const fs::path& package : used.packages) TRY(lend_entry(package, to));
  for (const fs::path& entry : used.tools) TRY(lend_entry(entry, to));
  for (const fs::path& entry : used.programs) TRY(lend_entry(entry, to));
  TRY(lend_entry(used.kernel, to));
  return {};
}

// The packages the profile asks for by name, those of what it extends included, where mkosi would find them.
Result<MkosiImage> for_mkosi(const BuildOptions& options) {
  Recipes recipes = TRY(read_recipes(options.source / "os/profiles"));
  return MkosiImage{TRY(find_mirror(options.mirror)).archive, recipes.at(options.profile).packages};
}

// The only entry of a kind in a cache that was filled by one build.
Result<fs::path> only_entry(const fs::path& cache, const char* kind) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(cache / kind, error)) {
    if (entry.path().extension().empty()) return entry.path();
  }
  return fail("nothing was made in " + (cache / kind).string());
}

double took(const BuildReport& report, std::string_view name) {
  for (const StepTime& step : report.steps) {
    if (step.step == name) return std::chrono::duration<double>(step.took).count();
  }
  return 0;
}

// Gives mkosi's image, if there is one.
Result<fs::path> bench_build(BuildOptions options, const UsedEntries& used, const fs::path& work,
                             const fs::path& mkosi_directory) {
  const Targets targets = targets_of(options.profile);
  const fs::path lent = work / "cache";
  TRY(lend_entries(used, Cache(lent)));
  ::setenv("ASHLAR_CACHE", lent.c_str(), 1);
  options.output = work / "out";
  BuildReport report;
  auto build = [&]() -> Status {
    report = TRY(build_image(options));
    return {};
  };
  double from_packages = TRY(timed(build));
  MkosiTimes mkosi = peer_mkosi(TRY(for_mkosi(options)), mkosi_directory);
  row("image from packages in the cache", in_seconds(from_packages), targets.from_packages, cell(mkosi.from_packages));
  fs::path tree = TRY(only_entry(lent, "tree")) / "root";
  row("of it the EROFS, overlay included", in_seconds(took(report, "EROFS")), "",
      cell(peer_erofs(tree, work, processor_count())));
  VerityTimes verity = TRY(compare_verity(TRY(only_entry(lent, "root")), work, processor_count()));
  row(fmt::format("verity tree over {} MB, middle of {}", report.root_bytes / 1'000'000, kRepetitions),
      in_seconds(verity.ours), "half", verity.peer);
  row("again, nothing changed", in_seconds(TRY(timed(build))), "", "");

  // The same sources with one file of os/root changed.
  fs::path source = work / "source";
  TRY(copy_sources(options.source, source));
  options.source = source;
  TRY(write_file(source / "os/root/etc/hostname", as_bytes("changed\n")));
  row("after changing one file of os/root", in_seconds(TRY(timed(build))), targets.one_file, cell(mkosi.again));
  return mkosi.image;
}

// Where mkosi works: what is made there stays when the person named it.
fs::path mkosi_directory(const BenchCommandOptions& options, const std::string& profile, const fs::path& work) {
  return options.mkosi.empty() ? work / "mkosi" : fs::absolute(options.mkosi) / profile;
}

Status bench_booting(const BenchCommandOptions& options, const ImageChoice& choice) {
  BuildOptions build = TRY(build_options(choice));
  BuildReport image = TRY(build_image(build));
  Cache cache = TRY(Cache::open_default());
  TemporaryDirectory work = TRY(TemporaryDirectory::below(cache.work()));
  Result<fs::path> peer = mkosi_image(TRY(for_mkosi(build)), mkosi_directory(options, build.profile, work.path()));
  if (!peer) log::warn(peer.error().message());
  row(build.profile, "ashlar", "target", "peer");
  return bench_boot(image.image, build.profile == "desktop", peer ? *peer : fs::path(), options.boots);
}

Status bench_profile(const BenchCommandOptions& options, const ImageChoice& choice) {
  BuildOptions build = TRY(build_options(choice));
  BuildReport image = TRY(build_image(build));
  Cache cache = TRY(Cache::open_default());
  TemporaryDirectory work = TRY(TemporaryDirectory::below(cache.work()));
  const std::string default_cache = cache.root();

  row(fmt::format("{}, {} packages, {} processors", build.profile, image.packages, processor_count()), "ashlar",
      "target", "peer");
  row("UKI", fmt::format("{:.1f} MB", static_cast<double>(image.uki_bytes) / 1e6), "25 MB", "");
  row("initramfs", fmt::format("{:.2f} MB", static_cast<double>(image.initramfs_bytes) / 1e6), "2 MB", "");
  row("root", fmt::format("{:.0f} MB", static_cast<double>(image.root_bytes) / 1e6), "", "");
  Result<fs::path> peer =
      bench_build(build, image.used, work.path(), mkosi_directory(options, build.profile, work.path()));
  ::setenv("ASHLAR_CACHE", default_cache.c_str(), 1);  // bench_build has one of its own
  return bench_boot(image.image, build.profile == "desktop", TRY(std::move(peer)), options.boots);
}

// bench/unlock_bench.cc, compiled as the tool is.
Status bench_unlocking() {
  const fs::path tree = source_directory() / "build/bench";
  {
    log::Progress progress("compile bench/unlock_bench.cc", 0);
    TRY(run_checked({.argv = {"cmake", "-S", source_directory(), "-B", tree, "-G", "Ninja",
                              "-DCMAKE_BUILD_TYPE=Release", "-DASHLAR_BENCH=ON"}}));
    TRY(run_checked({.argv = {"cmake", "--build", tree, "--target", "unlock_bench"},
                     .on_line = [&](std::string_view) { progress.advance(); }}));
  }
  return print(TRY(run_checked({.argv = {tree / "bench/unlock_bench"}})));
}

}  // namespace

Status bench_command(const BenchCommandOptions& options) {
  using Part = BenchCommandOptions::Part;
  ImageChoice choice = options.choice;
  if (choice.profile.empty() && options.part != Part::everything) choice.profile = "desktop";
  switch (options.part) {
    case Part::unlocking:
      return bench_unlocking();
    case Part::boot:
      return bench_booting(options, choice);
    case Part::memory:
      return bench_memory(choice);
    case Part::layers:
      return bench_layers(choice, options.boots);
    case Part::everything:
      break;
  }
  if (!choice.profile.empty()) return bench_profile(options, choice);
  for (const char* profile : {"desktop", "core"}) {
    choice.profile = profile;
    TRY(bench_profile(options, choice));
    TRY(print("\n"));
  }
  return bench_unlocking();
}

}  // namespace ashlar::cli
