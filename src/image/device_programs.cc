#include "image/device_programs.h"

#include "base/log.h"

namespace ashlar::image {
namespace {

constexpr unsigned kRevision = 2;
constexpr std::uint64_t kExpectedLines = 45;  // ninja prints a line a file; only the progress bar depends on it
const fs::path kSource = "/run/source";
const fs::path kBuild = "/run/build";

Status compile(const Cache& cache, const Workshop& tools, Toolset toolset, const std::vector<OwnProgram>& programs,
               const fs::path& source, Variant variant, const std::string& services, const fs::path& out) {
  TemporaryDirectory work = TRY(TemporaryDirectory::below(cache.work()));
  auto run = [&](std::vector<std::string> argv, std::function<void(std::string_view)> on_line = nullptr) -> Status {
    TRY(tools.run({.binds = {{source, kSource}, {work.path(), kBuild, Bind::Access::kReadWrite}},
                   .directory = kBuild,
                   .argv = std::move(argv),
                   .on_line = std::move(on_line)}));
    return {};
  };
  std::string sdk = toolset == Toolset::kSdk ? "ON" : "OFF";
  std::vector<std::string> configure = {"cmake",
                                        "-S",
                                        kSource,
                                        "-B",
                                        kBuild,
                                        "-G",
                                        "Ninja",
                                        "-DASHLAR_DEVICE=ON",
                                        "-DASHLAR_SDK=" + sdk,
                                        "-DASHLAR_VARIANT=" + std::string(name_of(variant)),
                                        "-DCMAKE_CXX_COMPILER=clang++-19",
                                        "-DCMAKE_ASM_COMPILER=clang-19",
                                        "-DCMAKE_BUILD_TYPE=MinSizeRel"};
  if (!services.empty()) {
    TRY(write_file(work.path() / "services.cc", as_bytes(services)));
    configure.push_back("-DASHLAR_SERVICES=" + (kBuild / "services.cc").string());
  }
  TRY(run(std::move(configure)));
  std::vector<std::string> ninja = {"ninja", "--verbose"};
  for (const OwnProgram& program : programs) ninja.emplace_back(program.target);
  log::Progress progress("compile the image's own programs", kExpectedLines);
  TRY(run(std::move(ninja), [&](std::string_view) { progress.advance(); }));
  fs::create_directory(out);
  for (const OwnProgram& program : programs) {
    fs::path built = work.path() / "src" / program.folder / program.target;
    TRY(write_file(out / program.name, TRY(read_file(built)), 0755));
  }
  return {};
}

}  // namespace

Result<fs::path> file_of(const std::vector<DeviceProgram>& programs, const OwnProgram& program) {
  for (const DeviceProgram& one : programs) {
    if (one.program.name == program.name) return one.file;
  }
  return fail("the program " + std::string(program.target) + " was not compiled");
}

Result<DevicePrograms> build_device_programs(const Cache& cache, const Workshop& tools, Toolset toolset,
                                             const fs::path& source, Variant variant, const std::string& services) {
  std::vector<OwnProgram> programs;
  for (const OwnProgram& program : kOwnPrograms) {
    if (program.toolset == toolset) programs.push_back(program);
  }
  InputHash inputs("device programs", kRevision);
  inputs.add("workshop", tools.key()).add("variant", name_of(variant));
  // The table is PID 1's alone.
  const std::string table = toolset == Toolset::kWorkshop ? services : "";
  inputs.add("services", table);
  for (const char* part : {"CMakeLists.txt", "src/CMakeLists.txt", "src/device.cmake", "src/device-cfi.txt", "src/base",
                           "src/format", "src/heap", "src/sys"}) {
    TRY(inputs.add_files(source / part));
  }
  for (const OwnProgram& program : programs) TRY(inputs.add_files(source / "src" / program.folder));
  Sha256Digest key = inputs.finish();
  Cache::Entry entry = TRY(in("device programs", cache.get("device", key, [&](const fs::path& out) {
    return compile(cache, tools, toolset, programs, source, variant, table, out);
  })));
  DevicePrograms result = {.programs = {}, .entry = entry.path, .was_cached = entry.was_cached};
  for (const OwnProgram& program : programs) result.programs.push_back({program, entry.path / program.name, key});
  return result;
}

}  // namespace ashlar::image
