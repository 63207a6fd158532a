#include "image/device_programs.h"

#include "base/log.h"

namespace ashlar::image {
namespace {

constexpr unsigned kRevision = 1;
constexpr std::uint64_t kExpectedLines = 45;  // ninja prints a line a file; only the progress bar depends on it
const fs::path kSource = "/run/source";
const fs::path kBuild = "/run/build";

}  // namespace

Result<DevicePrograms> build_device_programs(const Cache& cache, const Workshop& workshop, const fs::path& source,
                                             Variant variant, const std::string& services) {
  InputHash inputs("device programs", kRevision);
  inputs.add("workshop", workshop.key()).add("variant", name_of(variant)).add("services", services);
  for (const char* part :
       {"CMakeLists.txt", "src/CMakeLists.txt", "src/base", "src/format", "src/sys", "src/boot", "src/init"}) {
    TRY(inputs.add_files(source / part));
  }
  Sha256Digest key = inputs.finish();
  Cache::Entry entry = TRY(in("device programs", cache.get("device", key, [&](const fs::path& out) -> Status {
    TemporaryDirectory work = TRY(TemporaryDirectory::below(cache.work()));
    auto run = [&](std::vector<std::string> argv, std::function<void(std::string_view)> on_line = nullptr) -> Status {
      TRY(workshop.run({.binds = {{source, kSource}, {work.path(), kBuild, Bind::Access::kReadWrite}},
                        .directory = kBuild,
                        .argv = std::move(argv),
                        .on_line = std::move(on_line)}));
      return {};
    };
    std::vector<std::string> configure = {"cmake",
                                          "-S",
                                          kSource,
                                          "-B",
                                          kBuild,
                                          "-G",
                                          "Ninja",
                                          "-DASHLAR_DEVICE=ON",
                                          "-DASHLAR_VARIANT=" + std::string(name_of(variant)),
                                          "-DCMAKE_CXX_COMPILER=clang++-19",
                                          "-DCMAKE_ASM_COMPILER=clang-19",
                                          "-DCMAKE_BUILD_TYPE=MinSizeRel"};
    if (!services.empty()) {
      TRY(write_file(work.path() / "services.cc", as_bytes(services)));
      configure.push_back("-DASHLAR_SERVICES=" + (kBuild / "services.cc").string());
    }
    TRY(run(std::move(configure)));
    log::Progress progress("compile the image's own programs", kExpectedLines);
    TRY(run({"ninja", "--verbose", "ashlar-boot", "ashlar-init"}, [&](std::string_view) { progress.advance(); }));
    fs::create_directory(out);
    TRY(write_file(out / "boot", TRY(read_file(work.path() / "src/boot/ashlar-boot")), 0755));
    return write_file(out / "init", TRY(read_file(work.path() / "src/init/ashlar-init")), 0755);
  })));
  return DevicePrograms{entry.path / "boot", entry.path / "init", key, entry.was_cached};
}

}  // namespace ashlar::image
