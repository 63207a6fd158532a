#include "image/build.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <algorithm>

#include "format/authenticode.h"
#include "image/attestations.h"
#include "image/boot_files.h"
#include "image/cache.h"
#include "image/disk.h"
#include "image/exposure.h"
#include "image/fetch.h"
#include "image/kernel.h"
#include "image/resolve.h"
#include "image/root_image.h"
#include "image/selinux_policy.h"
#include "image/services.h"
#include "image/shell.h"
#include "image/tree.h"

namespace ashlar::image {
namespace {

constexpr unsigned kDiskRevision = 1;

// The caller's umask would show in the image, in the modes of directories that we make.
class FixedUmask {
 public:
  FixedUmask() : before_(::umask(022)) {}
  FixedUmask(const FixedUmask&) = delete;
  FixedUmask& operator=(const FixedUmask&) = delete;
  ~FixedUmask() { ::umask(before_); }

 private:
  mode_t before_;
};

struct Packages {
  std::vector<PackageFile> files;
  std::vector<LockedPackage> locked;
  std::string list;  // "name version architecture sha256" lines
  Sha256Digest key;
};

Result<Packages> fetch_packages(const Lock& lock, const std::string& profile, const FetchOptions& options) {
  std::vector<LockedPackage> locked = TRY(packages_of(lock, {profile}));
  std::vector<fs::path> paths = TRY(fetch(lock, {profile}, options));
  Packages packages;
  InputHash key("packages", 1);
  for (std::size_t i = 0; i < locked.size(); ++i) {
    packages.files.push_back({locked[i].name, paths[i]});
    key.add(locked[i].name, locked[i].sha256);
    packages.list +=
        fmt::format("{} {} {} {}\n", locked[i].name, locked[i].version, locked[i].architecture, locked[i].sha256.hex());
  }
  packages.key = key.finish();
  packages.locked = std::move(locked);
  return packages;
}

// Which disk lies at a path: its inputs, and size and time of the file when it was written.
Result<std::string> stamp_of(const fs::path& image, const Sha256Digest& key) {
  struct stat status = {};
  if (::stat(image.c_str(), &status) != 0) return fail_errno("stat " + image.string());
  return fmt::format("{} {} {}.{:09}\n", key.hex(), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

bool is_current(const fs::path& image, const fs::path& stamp, const Sha256Digest& key) {
  Result<std::string> noted = read_text(stamp);
  Result<std::string> found = stamp_of(image, key);
  return noted && found && *noted == *found;
}

// Those that every image has, and those that the recipe asks for.
void add_wanted(const DevicePrograms& compiled, const Recipe& recipe, std::vector<DeviceProgram>& programs) {
  auto is_in = [](const auto& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); };
  for (const DeviceProgram& one : compiled.programs) {
    const std::string_view name = one.program.name;
    if (!is_in(kOptionalPrograms, name) || is_in(recipe.programs, name)) programs.push_back(one);
  }
}

bool attacks_itself(const Recipe& recipe) {
  return std::ranges::find(recipe.programs, kAttackProgram.name) != recipe.programs.end();
}

Result<BuiltFile> built_file(const fs::path& path, std::string version) {
  Bytes content = TRY(read_file(path));
  return BuiltFile{std::move(version), sha256(content)};
}

Result<KeySet> load_matching_keys(const BuildOptions& options) {
  KeySet keys = TRY(load_key_set(options.keys));
  if (keys.variant != options.variant) {
    return fail_misuse(fmt::format("the keys at {} are for {} images, this is a {} image: the two never mix",
                                   shown_location(options.keys), name_of(keys.variant), name_of(options.variant)));
  }
  return keys;
}

}  // namespace

Result<Workshop> open_tools(const BuildOptions& options, const std::string& profile) {
  Lock lock = TRY(read_lock(options.lock));
  Cache cache = TRY(Cache::open_default());
  Packages tools = TRY(fetch_packages(lock, profile, {.mirror = find_mirror(options.mirror), .cache = cache.root()}));
  return Workshop::open(cache, tools.files, tools.key);
}

Result<Bytes> screen_font(const BuildOptions& options) {
  Workshop tools = TRY(open_tools(options, "workshop"));
  std::string font = TRY(tools.run({.argv = {"gzip", "-dc", "/usr/share/consolefonts/Uni2-TerminusBold32x16.psf.gz"}}));
  ByteView bytes = as_bytes(font);
  return Bytes(bytes.begin(), bytes.end());
}

fs::path image_path(const BuildOptions& options) {
  return options.output / fmt::format("ashlar-{}-{}.raw", options.profile, name_of(options.variant));
}

Result<BuildReport> build_image(const BuildOptions& options) {
  FixedUmask fixed_umask;
  Steps steps;
  BuildReport report;
  report.image = image_path(options);
  const fs::path os = options.source / "os";
  const std::string version = ASHLAR_VERSION;

  // What goes in: keys, recipe, lock. Anything wrong with them is said before work begins.
  KeySet keys = TRY(load_matching_keys(options));
  Recipes recipes = TRY(read_recipes(os / "profiles"));
  auto recipe = recipes.find(options.profile);
  if (recipe == recipes.end()) return fail_misuse("there is no profile " + options.profile + " in os/profiles");
  if (options.variant == Variant::kRelease && attacks_itself(recipe->second)) {
    return fail_misuse("the profile " + options.profile +
                       " has programs that attack the system it is: there are dev images of it and no others");
  }
  ServiceWords words = TRY(read_service_words(os));
  std::vector<Service> services = TRY(read_services(os / "services", recipe->second.services, words));
  const double most_exposed = TRY(read_exposure_limit(os));
  TRY(check_exposure(services, most_exposed));
  PolicySources policy_sources = TRY(read_policy_sources(os, options.variant));
  TRY(check_domains(services, TRY(policy_names(policy_sources.cil))));
  Lock lock = TRY(read_lock(options.lock));
  TRY(check_current(lock, recipes));
  Result<Epoch> epoch = in("os/epoch", parse_epoch(TRY(read_text(os / "epoch"))));
  if (!epoch) return fail_misuse(epoch.error().message());
  Cache cache = TRY(Cache::open_default());

  // Packages, and the workshop whose tools make everything below. The sdk has what the recipe's programs are linked to
  // besides; nothing else is made with it.
  const bool needs_sdk = !recipe->second.programs.empty();
  Packages tools;
  Packages sdk_packages;
  Packages kernel_source;
  Packages shell_source;
  Packages packages;
  TRY(steps.run("fetch", [&]() -> Status {
    FetchOptions from = {.mirror = find_mirror(options.mirror), .cache = cache.root()};
    tools = TRY(fetch_packages(lock, "workshop", from));
    if (needs_sdk) sdk_packages = TRY(fetch_packages(lock, "sdk", from));
    kernel_source = TRY(fetch_packages(lock, "kernel-source", from));
    shell_source = TRY(fetch_packages(lock, "shell-source", from));
    packages = TRY(fetch_packages(lock, recipe->second.packages_of, from));
    return {};
  }));
  report.packages = packages.files.size();
  Workshop workshop = TRY(steps.run("workshop", [&]() -> Result<Workshop> {
    Workshop opened = TRY(Workshop::open(cache, tools.files, tools.key));
    steps.was_cached(opened.was_cached());
    report.used.tools.push_back(opened.root());
    return opened;
  }));

  // What everything that runs may do, and what the files are called in it.
  SelinuxPolicy selinux = TRY(steps.run("SELinux policy", [&]() -> Result<SelinuxPolicy> {
    SelinuxPolicy built = TRY(in("SELinux policy", build_selinux_policy(cache, workshop, policy_sources)));
    steps.was_cached(built.was_cached);
    return built;
  }));

  // What will run: kernel, our own programs, the tree of packages.
  KernelImage kernel = TRY(steps.run("kernel", [&]() -> Result<KernelImage> {
    KernelImage built = TRY(build_kernel(cache, workshop, kernel_source.files, kernel_source.key, os));
    steps.was_cached(built.was_cached);
    return built;
  }));
  std::vector<DeviceProgram> programs;
  TRY(steps.run("device programs", [&]() -> Status {
    std::string table = services.empty() ? "" : service_source(services);
    auto compile = [&](const Workshop& with, Toolset toolset) -> Result<DevicePrograms> {
      DevicePrograms compiled =
          TRY(build_device_programs(cache, with, toolset, options.source, options.variant, table));
      report.used.programs.push_back(compiled.entry);
      return compiled;
    };
    DevicePrograms start = TRY(compile(workshop, Toolset::kWorkshop));
    add_wanted(start, recipe->second, programs);
    if (attacks_itself(recipe->second)) {
      add_wanted(TRY(compile(workshop, Toolset::kAttack)), recipe->second, programs);
    }
    steps.was_cached(start.was_cached);
    if (!needs_sdk) return {};
    Workshop sdk = TRY(Workshop::open(cache, sdk_packages.files, sdk_packages.key));
    report.used.tools.push_back(sdk.root());
    DevicePrograms linked = TRY(compile(sdk, Toolset::kSdk));
    add_wanted(linked, recipe->second, programs);
    steps.was_cached(start.was_cached && linked.was_cached);
    return {};
  }));
  programs.push_back(TRY(steps.run("shell", [&]() -> Result<DeviceProgram> {
    Shell shell = TRY(build_shell(cache, workshop, shell_source.files, shell_source.key, os));
    report.used.programs.push_back(shell.entry);
    steps.was_cached(shell.was_cached);
    return shell.program;
  })));
  PackageTree tree = TRY(steps.run("package tree", [&]() -> Result<PackageTree> {
    PackageTree built = TRY(build_package_tree(
        cache, workshop,
        {.packages = packages.files, .packages_key = packages.key, .recipe = &recipe->second, .os = os}));
    steps.was_cached(built.was_cached);
    return built;
  }));
  std::vector<std::string> own_programs = {kNotifyProgram};
  for (const DeviceProgram& one : programs) own_programs.push_back("/" + std::string(one.program.place));
  TRY(check_programs(services, {tree.root, os / "root"}, own_programs));
  Overlay overlay = {
      .os = os, .programs = programs, .variant = options.variant, .version = version, .profile = options.profile};
  if (!services.empty()) overlay.exposure = exposure_json(exposures_of(services), most_exposed);
  overlay.commands = commands_of_services(services);
  VerifiedRootImage root = TRY(build_root(cache, workshop, tree, overlay, selinux, steps));

  // Here the root was measured: nothing in it changes any more. What follows carries its hash and is signed.
  report.root_hash = root.verity.root_hash;
  report.root_bytes = fs::file_size(root.erofs);
  Bytes uki;
  Bytes bootloader;
  TRY(steps.run("UKI", [&]() -> Status {
    Bytes initramfs = TRY(build_initramfs(TRY(file_of(programs, kBootProgram)), root.verity.root_hash, selinux.binary,
                                          packages.list, keys.image));
    report.initramfs_bytes = initramfs.size();
    fs::path efi = workshop.root() / "usr/lib/systemd/boot/efi";
    std::string command_line =
        TRY(build_command_line(TRY(read_text(os / "cmdline")), root.verity.root_hash, options.variant));
    uki = TRY(build_signed_uki({.stub = efi / "linuxx64.efi.stub",
                                .kernel = kernel.bzimage,
                                .kernel_release = kernel.release,
                                .os_release = os_release(overlay),
                                .command_line = command_line,
                                .initramfs = initramfs,
                                .epoch = *epoch},
                               keys));
    bootloader = TRY(sign_pe(TRY(read_file(efi / "systemd-bootx64.efi")), keys.image));
    return {};
  }));
  report.uki_hash = sha256(uki);
  report.uki_bytes = uki.size();

  // What the image is made of and how, to lie beside it.
  Attestations attestations = TRY(steps.run("attestations", [&]() -> Result<Attestations> {
    const Packages& toolset = needs_sdk ? sdk_packages : tools;  // the sdk is the workshop and more
    std::vector<PackageFile> not_unpacked = toolset.files;
    not_unpacked.insert(not_unpacked.end(), kernel_source.files.begin(), kernel_source.files.end());
    Sha256Digest not_unpacked_key =
        InputHash("not unpacked", 1).add("workshop", toolset.key).add("kernel source", kernel_source.key).finish();
    fs::path licences = TRY(unpack_licences(cache, not_unpacked, not_unpacked_key));
    BuiltFile bzimage = TRY(built_file(kernel.bzimage, kernel.release));
    BuiltFile config = TRY(built_file(kernel.config, kernel.release));
    std::vector<BuiltProgram> own;
    std::vector<NamedDigest> sources = {{"kernel configuration", config.sha256}, {"root", root.key}};
    for (const DeviceProgram& one : programs) {
      BuiltFile file = TRY(built_file(one.file, version));
      if (one.program.name == kShellProgram.name) file.version = shell_source.locked.front().version + "+ashlar";
      own.push_back({one.program, std::move(file)});
      sources.push_back({std::string(one.program.target), one.key});
    }
    Bytes lock_file = TRY(read_file(options.lock));
    SbomInputs contents = {.profile = options.profile,
                           .variant = options.variant,
                           .version = version,
                           .root_hash = report.root_hash,
                           .bootloader = {version, sha256(bootloader)},
                           .uki = {version, report.uki_hash},
                           .kernel = std::move(bzimage),
                           .programs = std::move(own),
                           .packages = packages.locked,
                           .workshop = toolset.locked,
                           .kernel_source = kernel_source.locked,
                           .shell_source = shell_source.locked,
                           .tree = tree.root,
                           .licences = licences};
    return make_attestations(
        {.contents = std::move(contents), .lock = sha256(lock_file), .sources = std::move(sources)}, keys.image);
  }));

  // The disk, unless exactly this one lies there already.
  Sha256Digest disk_key = InputHash("disk", kDiskRevision)
                              .add("root", root.verity.root_hash.digest)
                              .add("uki", report.uki_hash)
                              .add("bootloader", sha256(bootloader))
                              .add("PK", sha256(certificate_der(keys.platform.certificate)))
                              .add("KEK", sha256(certificate_der(keys.key_exchange.certificate)))
                              .finish();
  TRY(steps.run("disk", [&]() -> Status {
    fs::path stamp = options.output / ("." + report.image.filename().string() + ".stamp");
    if (is_current(report.image, stamp, disk_key)) {
      steps.was_cached(true);
      return write_attestations(report.image, attestations);
    }
    std::error_code error;
    fs::create_directories(options.output, error);
    if (error) return fail_errno("create " + options.output.string(), error.value());
    DiskLayout layout = layout_for(report.root_bytes);
    TemporaryDirectory work = TRY(TemporaryDirectory::below(options.output));
    fs::path esp = work.path() / "esp";
    fs::path disk = work.path() / "disk";
    EspFiles files = TRY(esp_files(std::move(bootloader), std::move(uki), version, keys));
    TRY(in("ESP", write_esp(workshop, files, layout.esp_mib, esp)));
    TRY(in("disk", write_disk(disk, layout, {esp, root.erofs, &root.verity, version})));
    if (::rename(disk.c_str(), report.image.c_str()) != 0) return fail_errno("rename to " + report.image.string());
    TRY(write_attestations(report.image, attestations));
    return write_file(stamp, as_bytes(TRY(stamp_of(report.image, disk_key))));
  }));
  report.disk_bytes = fs::file_size(report.image);
  report.steps = steps.take();
  for (const Packages* fetched : {&tools, &sdk_packages, &kernel_source, &shell_source, &packages}) {
    for (const PackageFile& file : fetched->files) report.used.packages.push_back(file.deb);
  }
  report.used.kernel = kernel.bzimage.parent_path();
  return report;
}

std::string BuildReport::json() const {
  nlohmann::ordered_json out = {
      {"image", image.string()},
      {"root_hash", root_hash.hex()},
      {"uki_sha256", uki_hash.hex()},
      {"packages", packages},
      {"bytes", {{"uki", uki_bytes}, {"initramfs", initramfs_bytes}, {"root", root_bytes}, {"disk", disk_bytes}}}};
  for (const StepTime& step : steps) {
    out["steps"].push_back({{"step", step.step}, {"milliseconds", step.took.count()}, {"cached", step.was_cached}});
  }
  return out.dump(2);
}

}  // namespace ashlar::image
