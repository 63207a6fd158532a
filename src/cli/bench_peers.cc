#include "cli/bench_peers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/log.h"
#include "base/subprocess.h"
#include "cli/bench_table.h"
#include "format/verity.h"
#include "image/mapped_file.h"
#include "image/sandbox.h"

namespace ashlar::cli {
namespace {

using namespace image;

constexpr char kMkosiImage[] = "image.raw";

Status run_quietly(std::vector<std::string> argv, const fs::path& directory = {}) {
  TRY(run_checked({.argv = std::move(argv), .directory = directory}));
  return {};
}

// veritysetup writes its tree to a file, so ours goes to one as well; neither waits for the disk.
Status write_our_tree(const fs::path& data, const fs::path& out, unsigned threads, const Salt& salt) {
  MappedFile file = TRY(MappedFile::open(data));
  VerityTree tree = TRY(build_verity(file.bytes(), salt, Guid{}, threads));
  Fd fd = TRY(open_file(out, O_WRONLY | O_CREAT | O_TRUNC, 0600));
  TRY(write_all(fd, tree.hash_area));
  return fd.close();
}

// "mkosi 25.3" is 25.
Result<int> mkosi_version() {
  std::string said = TRY(run_checked({.argv = {"mkosi", "--version"}}));
  int version = 0;
  std::size_t at = said.find_first_of("0123456789");
  if (at == std::string::npos) return fail("mkosi does not say its version: " + said);
  std::from_chars(said.data() + at, said.data() + said.size(), version);
  return version;
}

Status write_mkosi_configuration(const MkosiImage& image, const fs::path& directory) {
  const std::pair<const char*, std::string> files[] = {
      // A bootable image of mkosi's has systemd, its kernel and its bootloader besides.
      {"mkosi.conf",
       fmt::format("[Distribution]\nDistribution=debian\nRelease=trixie\nMirror={0}\n"
                   "[Output]\nFormat=disk\n"
                   "[Build]\nPackageCacheDirectory=packages\nCacheDirectory=cache\n"
                   "ToolsTree=default\nToolsTreeDistribution=debian\nToolsTreeRelease=trixie\n"
                   "ToolsTreeMirror={0}\nToolsTreeSandboxTrees=mkosi.sandbox\n"
                   "[Content]\nBootable=yes\nBootloader=systemd-boot\nUnifiedKernelImages=yes\n"
                   "WithRecommends=no\nWithDocs=no\n"
                   "Packages=linux-image-amd64,systemd,systemd-boot,systemd-boot-efi,systemd-sysv,udev,{1}\n"
                   "KernelCommandLine=console=ttyS0\n"
                   "[Validation]\nSecureBoot=yes\nSecureBootAutoEnroll=yes\n",
                   image.mirror, fmt::join(image.packages, ","))},
      // Our archive alone: left to itself mkosi asks others, debugging symbols among them.
      {"mkosi.sandbox/etc/apt/sources.list.d/mkosi.sources",
       fmt::format("Types: deb\nURIs: {}\nSuites: trixie trixie-updates\nComponents: main\n"
                   "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
                   image.mirror)},
      {"mkosi.repart/00-esp.conf",
       "[Partition]\nType=esp\nFormat=vfat\nCopyFiles=/boot:/\nCopyFiles=/efi:/\nSizeMinBytes=512M\n"},
      {"mkosi.repart/10-root.conf",
       "[Partition]\nType=root\nFormat=erofs\nCopyFiles=/\nVerity=data\nVerityMatchKey=root\nMinimize=best\n"},
      {"mkosi.repart/20-verity.conf",
       "[Partition]\nType=root-verity\nVerity=hash\nVerityMatchKey=root\nMinimize=best\n"},
  };
  std::error_code error;
  for (const char* made : {"mkosi.repart", "mkosi.sandbox/etc/apt/sources.list.d", "packages", "cache"}) {
    fs::create_directories(directory / made, error);
    if (error) return fail_errno("create " + (directory / made).string(), error.value());
  }
  for (const auto& [name, content] : files) TRY(write_file(directory / name, as_bytes(content)));
  return {};
}

Result<int> usable_mkosi() {
  constexpr int kOldest = 25;
  const int version = TRY(mkosi_version());
  if (version < kOldest) return fail(fmt::format("mkosi {} is older than {}", version, kOldest));
  return version;
}

// Makes the tree of tools too.
Status first_mkosi_build(const MkosiImage& image, const fs::path& directory) {
  log::info("mkosi makes its tools and its image in " + directory.string());
  TRY(write_mkosi_configuration(image, directory));
  if (!fs::exists(directory / "mkosi.key")) TRY(in("mkosi genkey", run_quietly({"mkosi", "genkey"}, directory)));
  return in("mkosi build", run_quietly({"mkosi", "--force", "build"}, directory));
}

// With the tools that are there: as a default tree they would be made anew.
Status mkosi_again(const std::string& incremental, const fs::path& directory) {
  return in("mkosi build", run_quietly({"mkosi", "--force", "--tools-tree=" + (directory / "tools").string(),
                                        "--incremental=" + incremental, "build"},
                                       directory));
}

}  // namespace

Result<double> timed(const std::function<Status()>& work) {
  auto started = std::chrono::steady_clock::now();
  TRY(work());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

Result<VerityTimes> compare_verity(const fs::path& data, const fs::path& work, unsigned threads) {
  const std::string salt(64, 'a');
  const bool has_peer = find_program("veritysetup").has_value();
  std::vector<double> ours;
  std::vector<double> theirs;
  for (unsigned i = 0; i < kRepetitions; ++i) {
    ours.push_back(
        TRY(timed([&]() -> Status { return write_our_tree(data, work / "tree", threads, TRY(parse_salt(salt))); })));
    if (!has_peer) continue;
    theirs.push_back(TRY(timed([&] {
      return run_quietly({"veritysetup", "format", "--salt", salt, data.string(), (work / "their-tree").string()});
    })));
  }
  return VerityTimes{median(ours),
                     has_peer ? "veritysetup format " + in_seconds(median(theirs)) : "veritysetup: not installed"};
}

Result<std::string> peer_erofs(const fs::path& tree, const fs::path& work, unsigned threads) {
  if (!find_program("mkfs.erofs")) return "mkfs.erofs: not installed";
  std::string help = TRY(run({.argv = {"mkfs.erofs", "--help"}})).out;
  std::vector<std::string> argv = {"mkfs.erofs", "-zlz4", "-C65536", "--all-root",
                                   "-T" + std::to_string(kSourceDateEpoch)};
  const bool has_workers = help.find("--workers") != std::string::npos;
  if (has_workers) argv.push_back("--workers=" + std::to_string(threads));
  argv.insert(argv.end(), {(work / "peer.erofs").string(), tree.string()});
  double took = TRY(timed([&] { return run_quietly(argv); }));
  return "mkfs.erofs " + in_seconds(took) + (has_workers ? "" : " (one thread: it is older than 1.8)");
}

MkosiTimes peer_mkosi(const MkosiImage& image, const fs::path& directory) {
  if (!find_program("mkosi")) return {"mkosi: not installed", ""};
  int version = 0;
  auto from_packages = [&]() -> Result<std::string> {
    version = TRY(usable_mkosi());
    TRY(first_mkosi_build(image, directory));
    return fmt::format("mkosi {} {}", version, in_seconds(TRY(timed([&] { return mkosi_again("no", directory); }))));
  };
  auto again = [&]() -> Result<std::string> {
    TRY(mkosi_again("yes", directory));
    return fmt::format("mkosi {} {}", version, in_seconds(TRY(timed([&] { return mkosi_again("yes", directory); }))));
  };
  MkosiTimes times;
  times.from_packages = from_packages();
  times.again = times.from_packages ? again() : std::string();
  if (times.from_packages) times.image = directory / kMkosiImage;
  return times;
}

Result<fs::path> mkosi_image(const MkosiImage& image, const fs::path& directory) {
  fs::path made = directory / kMkosiImage;
  if (fs::exists(made)) return made;
  if (!find_program("mkosi")) return fail("mkosi: not installed");
  TRY(usable_mkosi());
  TRY(first_mkosi_build(image, directory));
  return made;
}

}  // namespace ashlar::cli
