#include "image/shell.h"

#include <array>

#include "image/parallel.h"
#include "image/patch_series.h"

namespace ashlar::image {
namespace {

constexpr unsigned kRevision = 1;
const fs::path kInside = "/run/shell";

// Of src/device.cmake what C and a dynamic program can have. No control-flow integrity: dash calls its builtins through
// pointers of other types than they have.
constexpr const char* kCompile =
    "CFLAGS=-Os -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full "
    "-ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr -fno-delete-null-pointer-checks -fno-strict-overflow "
    "-fno-strict-aliasing";
constexpr const char* kDefine = "CPPFLAGS=-D_FORTIFY_SOURCE=3";
constexpr const char* kLink =
    "LDFLAGS=-fuse-ld=lld-19 -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code -Wl,--as-needed "
    "-Wl,--build-id=none -Wl,--strip-all";

class ShellBuild {
 public:
  ShellBuild(const Workshop& workshop, fs::path work) : workshop_(workshop), work_(std::move(work)) {}

  Status unpack(const std::vector<PackageFile>& source) {
    for (const PackageFile& archive : source) {
      TRY(write_file(work_ / archive.name, TRY(read_file(archive.deb))));
      std::vector<std::string> tar = {"tar", "--no-same-owner", "-xf", archive.name};
      if (archive.name.ends_with(".orig")) tar.emplace_back("--strip-components=1");
      TRY(run(std::move(tar)));
    }
    return {};
  }

  // Debian's own first, in the order of its series, which is names alone (quilt(1)); its hashes are the archive's.
  Status patch(const std::vector<Patch>& ours) {
    const fs::path debians = work_ / "debian/patches";
    std::vector<Patch> patches;
    std::string series = TRY(read_text(debians / "series"));
    for (std::string_view rest = series; !rest.empty();) {
      std::string name(rest.substr(0, rest.find('\n')));
      rest.remove_prefix(std::min(name.size() + 1, rest.size()));
      if (name.empty() || name.front() == '#') continue;
      patches.push_back({"debian/patches/" + name, TRY(read_text(debians / name))});
    }
    patches.insert(patches.end(), ours.begin(), ours.end());
    return apply_series(workshop_, work_, patches);
  }

  Status compile() {
    // What Debian's patches change of these is for autotools, which are not here: the configure of the release stays.
    TRY(run({"touch", "--date=@0", "configure.ac", "Makefile.am", "src/Makefile.am"}));
    TRY(run({"sh", "./configure", "CC=clang-19", kCompile, kDefine, kLink, "--disable-fnmatch", "--disable-lineno",
             "--disable-glob"}));
    // A file that Debian's patches add, and that the release's Makefile does not know.
    constexpr const char* kObjects = "builtins.o init.o nodes.o signames.o syntax.o priv.o";
    return run({"make", "-j" + std::to_string(processor_count()), "-C", "src", "all",
                std::string("dash_LDADD=") + kObjects, std::string("dash_DEPENDENCIES=") + kObjects});
  }

 private:
  Status run(std::vector<std::string> argv) {
    TRY(workshop_.run(
        {.binds = {{work_, kInside, Bind::Access::kReadWrite}}, .directory = kInside, .argv = std::move(argv)}));
    return {};
  }

  const Workshop& workshop_;
  fs::path work_;
};

}  // namespace

Result<Shell> build_shell(const Cache& cache, const Workshop& workshop, const std::vector<PackageFile>& source,
                          const Sha256Digest& source_key, const fs::path& os) {
  std::vector<Patch> patches = TRY(read_series(os / "shell/patches"));
  InputHash inputs("shell", kRevision);
  inputs.add("workshop", workshop.key()).add("source", source_key);
  for (const Patch& patch : patches) inputs.add("patch", patch.text);
  Sha256Digest key = inputs.finish();
  Cache::Entry entry = TRY(in("shell", cache.get("device", key, [&](const fs::path& out) -> Status {
    TemporaryDirectory work = TRY(TemporaryDirectory::below(cache.work()));
    ShellBuild build(workshop, work.path());
    TRY(build.unpack(source));
    TRY(build.patch(patches));
    TRY(build.compile());
    fs::create_directory(out);
    return write_file(out / kShellProgram.name, TRY(read_file(work.path() / "src/dash")), 0755);
  })));
  return Shell{.program = {kShellProgram, entry.path / kShellProgram.name, key},
               .entry = entry.path,
               .was_cached = entry.was_cached};
}

}  // namespace ashlar::image
