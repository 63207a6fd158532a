#include "image/kernel.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "image/parallel.h"
#include "image/patch_series.h"

namespace ashlar::image {
namespace {

constexpr unsigned kRevision = 1;
constexpr std::uint64_t kExpectedLines = 2930;  // make prints a line a step; only the progress bar depends on it
constexpr std::string_view kSource = "linux-source-7.3";
const fs::path kInside = "/run/kernel";  // the same path on every machine: nothing of the host's shows in the result

Result<std::string> read_fragments(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".config") files.push_back(entry.path());
  }
  if (files.empty()) return fail("no kernel configuration fragment in " + directory.string());
  std::ranges::sort(files);
  std::string all;
  for (const fs::path& file : files) all += TRY(read_text(file));
  return all;
}

// "CONFIG_X=v" or "# CONFIG_X is not set" as name and value ("" when not set); empty name for any other line.
std::pair<std::string_view, std::string_view> parse_config_line(std::string_view line) {
  constexpr std::string_view kPrefix = "# ";
  constexpr std::string_view kSuffix = " is not set";
  if (line.starts_with("CONFIG_")) {
    std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) return {line.substr(0, equals), line.substr(equals + 1)};
  } else if (line.starts_with("# CONFIG_") && line.ends_with(kSuffix)) {
    return {line.substr(kPrefix.size(), line.size() - kPrefix.size() - kSuffix.size()), ""};
  }
  return {};
}

std::map<std::string_view, std::string_view> parse_config(std::string_view text) {
  std::map<std::string_view, std::string_view> options;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    auto [name, value] = parse_config_line(text.substr(0, end));
    if (!name.empty()) options[name] = value == "n" ? "" : value;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return options;
}

class KernelBuild {
 public:
  KernelBuild(const Workshop& workshop, fs::path work) : workshop_(workshop), work_(std::move(work)) {}

  Status unpack(const std::vector<PackageFile>& source) {
    TRY(unpack_packages(source, work_ / "package", [](const std::string&, const std::string&) { return false; }));
    return run(kInside, {"tar", "--strip-components=1", "-xf", "package/usr/src/" + std::string(kSource) + ".tar.xz"});
  }

  Status patch(const std::vector<Patch>& patches) { return apply_series(workshop_, work_, patches); }

  Status configure(const std::string& fragments, const fs::path& os, const Sha256Digest& seed) {
    TRY(write_file(work_ / "all.config", as_bytes(fragments)));
    TRY(write_file(work_ / "ashlar.seed", as_bytes(seed.hex() + "\n")));
    TRY(write_file(work_ / "boot.pol", TRY(read_file(os / "policy/ipe/boot.pol"))));
    TRY(write_file(work_ / "gen-randstruct-seed.sh", TRY(read_file(os / "kernel/gen-randstruct-seed.sh")), 0755));
    TRY(run(kInside, {"make", "LLVM=-19", "ARCH=x86", "AWK=mawk", "allnoconfig"}));
    std::vector<std::string> unmet = unmet_lines(fragments, TRY(read_text(work_ / ".config")));
    if (unmet.empty()) return {};
    std::string names;
    for (const std::string& line : unmet) names += "\n  " + line;
    return fail_misuse("os/kernel asks for what this kernel's configuration does not allow:" + names);
  }

  Status compile() {
    log::Progress progress("compile the kernel", kExpectedLines);
    return run(
        kInside,
        {"make", "-j" + std::to_string(processor_count()), "LLVM=-19", "ARCH=x86", "AWK=mawk",
         "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 2026", "KBUILD_BUILD_USER=ashlar", "KBUILD_BUILD_HOST=ashlar",
         "KBUILD_BUILD_VERSION=1", "gen-randstruct-seed=./gen-randstruct-seed.sh", "bzImage"},
        [&](std::string_view) { progress.advance(); });
  }

 private:
  Status run(const fs::path& directory, std::vector<std::string> argv,
             std::function<void(std::string_view)> on_line = nullptr) {
    TRY(workshop_.run({.binds = {{work_, kInside, Bind::Access::kReadWrite}},
                       .directory = directory,
                       .argv = std::move(argv),
                       .environment = {"KCONFIG_ALLCONFIG=" + (kInside / "all.config").string()},
                       .on_line = std::move(on_line)}));
    return {};
  }

  const Workshop& workshop_;
  fs::path work_;
};

}  // namespace

std::vector<std::string> unmet_lines(std::string_view fragments, std::string_view config) {
  std::map<std::string_view, std::string_view> final_options = parse_config(config);
  std::vector<std::string> unmet;
  for (const auto& [name, wanted] : parse_config(fragments)) {
    auto found = final_options.find(name);
    std::string_view got = found == final_options.end() ? "" : found->second;
    if (got == wanted) continue;
    std::string line = std::string(name) + (wanted.empty() ? " off" : "=" + std::string(wanted));
    unmet.push_back(line + ": " + (got.empty() ? "is not set" : "is " + std::string(got)));
  }
  return unmet;
}

Result<KernelImage> build_kernel(const Cache& cache, const Workshop& workshop, const std::vector<PackageFile>& source,
                                 const Sha256Digest& source_key, const fs::path& os) {
  std::string fragments = TRY(read_fragments(os / "kernel"));
  std::vector<Patch> patches = TRY(read_series(os / "kernel/patches"));
  InputHash inputs("kernel", kRevision);
  inputs.add("workshop", workshop.key()).add("source", source_key).add("fragments", fragments);
  for (const Patch& patch : patches) inputs.add("patch", patch.text);
  TRY(inputs.add_files(os / "kernel/gen-randstruct-seed.sh"));
  TRY(inputs.add_files(os / "policy/ipe/boot.pol"));
  Sha256Digest key = inputs.finish();

  Cache::Entry entry = TRY(in("kernel", cache.get("kernel", key, [&](const fs::path& out) -> Status {
    TemporaryDirectory work = TRY(TemporaryDirectory::below(cache.work()));
    KernelBuild build(workshop, work.path());
    TRY(build.unpack(source));
    TRY(build.patch(patches));
    TRY(build.configure(fragments, os, key));
    TRY(build.compile());
    fs::create_directory(out);
    TRY(write_file(out / "bzImage", TRY(read_file(work.path() / "arch/x86/boot/bzImage"))));
    TRY(write_file(out / "config", TRY(read_file(work.path() / ".config"))));
    return write_file(out / "release", TRY(read_file(work.path() / "include/config/kernel.release")));
  })));
  std::string release = TRY(read_text(entry.path / "release"));
  while (release.ends_with('\n')) release.pop_back();
  return KernelImage{entry.path / "bzImage", entry.path / "config", release, entry.was_cached};
}

}  // namespace ashlar::image
