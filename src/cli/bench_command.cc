// `ashlar bench`: how long things take here and now, beside the tools the world uses, in one run and one table.
#include <fmt/format.h>

#include <functional>

#include "base/log.h"
#include "base/subprocess.h"
#include "cli/commands.h"
#include "cli/image_choice.h"
#include "image/cache.h"
#include "image/mapped_file.h"
#include "image/parallel.h"
#include "vm/run.h"

namespace ashlar::cli {
namespace {

using namespace image;
using Seconds = std::chrono::duration<double>;

Result<double> timed(const std::function<Status()>& work) {
  auto started = std::chrono::steady_clock::now();
  TRY(work());
  return Seconds(std::chrono::steady_clock::now() - started).count();
}

void row(std::string_view what, std::string_view ours, std::string_view peer) {
  fmt::print("{:44} {:>14}   {}\n", what, ours, peer);
  std::fflush(stdout);
}
std::string seconds(double value) { return fmt::format("{:.2f} s", value); }

// A cache that has what takes long or comes from the network (packages, workshop, kernel, our programs) and nothing
// else, so that the image itself is made from the beginning.
Status lend_cache(const fs::path& full, const fs::path& lent) {
  std::error_code error;
  fs::create_directories(lent, error);
  for (const char* kind : {"packages", "workshop", "kernel", "device", "releases"}) {
    if (fs::exists(full / kind)) fs::create_directory_symlink(full / kind, lent / kind, error);
    if (error) return fail_errno("link " + (lent / kind).string(), error.value());
  }
  return {};
}

// The time of a peer's command, or that it is not installed.
Result<std::string> peer_time(const std::string& name, const std::vector<std::string>& argv) {
  if (!find_program(argv.front())) return name + ": not installed";
  double took = TRY(timed([&]() -> Status {
    TRY(run_checked({.argv = argv}));
    return {};
  }));
  return name + " " + seconds(took);
}

Status bench_build(BuildOptions options, const Cache& cache, const fs::path& work) {
  TRY(lend_cache(cache.root(), work / "cache"));
  ::setenv("ASHLAR_CACHE", (work / "cache").c_str(), 1);
  options.output = work / "out";
  auto build = [&]() -> Status {
    TRY(build_image(options));
    return {};
  };
  row("image from packages in the cache", seconds(TRY(timed(build))), "mkosi is not run here");
  row("again, nothing changed", seconds(TRY(timed(build))), "");

  // The same sources with one file of os/root changed.
  fs::path source = work / "source";
  fs::create_directory(source);
  for (const char* part : {"os", "src", "CMakeLists.txt"}) {
    fs::copy(options.source / part, source / part, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  }
  options.source = source;
  TRY(write_file(source / "os/root/etc/hostname", as_bytes("changed\n")));
  row("after changing one file of os/root", seconds(TRY(timed(build))), "");
  return {};
}

Status bench_verity(const BuildReport& image, const Cache& cache, const fs::path& work) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(cache.root() / "root")) {
    if (entry.is_regular_file() && entry.file_size() == image.root_bytes) newest = entry.path();
  }
  MappedFile erofs = TRY(MappedFile::open(newest));
  std::string salt(64, 'a');
  double ours = TRY(timed([&]() -> Status {
    TRY(build_verity(erofs.bytes(), TRY(parse_salt(salt)), Guid{}, processor_count()));
    return {};
  }));
  row(fmt::format("verity tree over {} MB", image.root_bytes / 1'000'000), seconds(ours),
      TRY(peer_time("veritysetup format", {"veritysetup", "format", "--salt", salt, newest, work / "tree"})));
  return {};
}

Status bench_boot(const fs::path& image) {
  vm::RunReport report = TRY(vm::run_image({.image = image, .until = vm::Until::ready}));
  auto milliseconds = [](auto value) { return seconds(Seconds(value).count()); };
  row("power-on to ready, keys to be enrolled", milliseconds(report.ready_after), report.accelerator);
  row("power-on to ready, keys enrolled", milliseconds(report.last_boot_after), "");
  return {};
}

}  // namespace

Status bench_command(const BenchCommandOptions& options) {
  BuildOptions build = TRY(build_options(options.choice));
  BuildReport image = TRY(build_image(build));
  Cache cache = TRY(Cache::open_default());
  TemporaryDirectory work = TRY(TemporaryDirectory::below(cache.work()));

  row(fmt::format("profile {}, {} packages, {} processors", build.profile, image.packages, processor_count()), "ashlar",
      "peer");
  row("UKI", fmt::format("{:.1f} MB", static_cast<double>(image.uki_bytes) / 1e6), "");
  row("initramfs", fmt::format("{:.2f} MB", static_cast<double>(image.initramfs_bytes) / 1e6), "");
  row("root", fmt::format("{:.0f} MB", static_cast<double>(image.root_bytes) / 1e6), "");
  TRY(bench_verity(image, cache, work.path()));
  TRY(bench_build(build, cache, work.path()));
  return bench_boot(image.image);
}

}  // namespace ashlar::cli
