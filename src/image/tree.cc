#include "image/tree.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "image/accounts.h"
#include "image/exposure.h"
#include "image/maintainer_scripts.h"
#include "image/needed_check.h"
#include "image/shell.h"

namespace ashlar::image {
namespace {

constexpr unsigned kTreeRevision = 1;
constexpr unsigned kOverlayRevision = 3;
constexpr const char* kSwayConfiguration = "usr/share/ashlar/sway/config";

// Mount points and places the packages do not bring.
constexpr std::array<const char*, 8> kMountPoints = {"dev",  "proc",           "sys", "run", "tmp",
                                                     "data", "usr/lib/ashlar", "etc"};

Status copy_file(const fs::path& from, const fs::path& to, mode_t mode) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (error) return fail_errno("create " + to.parent_path().string(), error.value());
  return write_file(to, TRY(read_file(from)), mode);
}

Status replace_symlink(const std::string& target, const fs::path& link) {
  std::error_code error;
  fs::create_directories(link.parent_path(), error);
  ::unlink(link.c_str());
  if (::symlink(target.c_str(), link.c_str()) != 0) return fail_errno("link " + link.string());
  return {};
}

Status write_accounts(const fs::path& os, const fs::path& tree) {
  AccountFiles accounts = TRY(build_accounts(TRY(read_text(os / "users.toml")), "os/users.toml"));
  TRY(write_file(tree / "etc/passwd", as_bytes(accounts.passwd)));
  return write_file(tree / "etc/group", as_bytes(accounts.group));
}

Status write_origins(const Origins& origins, const fs::path& path) {
  std::string text;
  for (const auto& [file, package] : origins) text += file + "\t" + package + "\n";
  return write_file(path, as_bytes(text));
}

Status make_tree(const Workshop& workshop, const PackageTreeInputs& inputs, const fs::path& unreviewed,
                 const fs::path& out) {
  fs::path tree = out / "root";
  TRY(check_maintainer_scripts(inputs.packages, inputs.os / "maintainer-scripts.toml", unreviewed));
  FileOmissions omissions(*inputs.recipe);
  Origins origins =
      TRY(unpack_packages(inputs.packages, tree, [&](const std::string& package, const std::string& path) {
        return omissions.omits(package, path);
      }));
  if (std::vector<std::string> unused = omissions.unused(); !unused.empty()) {
    return fail_misuse(fmt::format("os/profiles/{}.toml: omit-files that match nothing: {}", inputs.recipe->name,
                                   fmt::join(unused, ", ")));
  }
  for (const char* directory : kMountPoints) fs::create_directories(tree / directory);
  TRY(write_accounts(inputs.os, tree));
  TRY(run_triggers(TRY(parse_triggers(TRY(read_text(inputs.os / "triggers.toml")), "os/triggers.toml")), workshop,
                   tree));
  TRY(check_needed(tree, origins));
  return write_origins(origins, out / "origins");
}

}  // namespace

Result<PackageTree> build_package_tree(const Cache& cache, const Workshop& workshop, const PackageTreeInputs& inputs) {
  InputHash hash("package tree", kTreeRevision);
  hash.add("packages", inputs.packages_key).add("workshop", workshop.key());
  hash.add("omissions", omission_inputs(*inputs.recipe));
  for (const char* data : {"users.toml", "triggers.toml", "maintainer-scripts.toml"})
    TRY(hash.add_files(inputs.os / data));
  Sha256Digest key = hash.finish();
  Cache::Entry entry = TRY(cache.get("tree", key, [&](const fs::path& out) {
    return make_tree(workshop, inputs, cache.root() / "unreviewed-scripts", out);
  }));
  return PackageTree{entry.path / "root", entry.path / "origins", key, entry.was_cached};
}

std::string os_release(const Overlay& overlay) {
  return fmt::format(
      "NAME=Ashlar\nPRETTY_NAME=\"Ashlar {0} ({1}, {2})\"\nID=ashlar\nID_LIKE=debian\nVERSION_ID={0}\n"
      "VARIANT_ID={1}\nIMAGE_ID=ashlar-{2}\nIMAGE_VERSION={0}\n",
      overlay.version, name_of(overlay.variant), overlay.profile);
}

Status hash_overlay(const Overlay& overlay, InputHash& inputs) {
  inputs.add("overlay", std::to_string(kOverlayRevision)).add("os-release", os_release(overlay));
  inputs.add("exposure", overlay.exposure).add("commands", overlay.commands);
  for (const DeviceProgram& one : overlay.programs) {
    inputs.add("program", one.program.name).add("place", one.program.place).add("made of", one.key);
  }
  TRY(inputs.add_files(overlay.os / "shell/commands"));
  return inputs.add_files(overlay.os / "root");
}

Status add_overlay(const Overlay& overlay, const fs::path& tree) {
  fs::path source = overlay.os / "root";
  for (const auto& entry : fs::recursive_directory_iterator(source)) {
    fs::path target = tree / entry.path().lexically_relative(source);
    if (entry.is_symlink()) {
      TRY(replace_symlink(fs::read_symlink(entry.path()).string(), target));
    } else if (entry.is_regular_file()) {
      bool executable = (entry.status().permissions() & fs::perms::owner_exec) != fs::perms::none;
      TRY(copy_file(entry.path(), target, executable ? 0755 : 0644));
    }
  }
  std::vector<fs::path> places;
  for (const DeviceProgram& one : overlay.programs) {
    if (one.program.place.empty()) continue;
    TRY(copy_file(one.file, tree / one.program.place, 0755));
    places.push_back(fs::path("/") / one.program.place);
  }
  std::string sway = TRY(read_text(source / kSwayConfiguration));
  std::string commands = shell_commands(sway, TRY(read_text(overlay.os / "shell/commands")) + overlay.commands);
  TRY(write_file(tree / "usr/share/ashlar/commands", as_bytes(commands), 0755));  // executable: see shell.h
  TRY(replace_symlink("init", tree / fs::path(kNotifyProgram).relative_path()));
  for (const char* name : {"poweroff", "reboot"}) {
    TRY(replace_symlink("../lib/ashlar/init", tree / "usr/sbin" / name));
  }
  if (!overlay.exposure.empty()) {
    TRY(write_file(tree / fs::path(kExposureFile).relative_path(), as_bytes(overlay.exposure)));
  }
  TRY(replace_symlink("../usr/lib/os-release", tree / "etc/os-release"));
  TRY(write_file(tree / "usr/lib/os-release", as_bytes(os_release(overlay))));
  return check_needed_by(tree, places);
}

Status link_tree(const fs::path& original, const fs::path& copy) {
  std::error_code error;
  fs::create_directories(copy, error);
  if (error) return fail_errno("create " + copy.string(), error.value());
  std::size_t prefix = original.string().size();
  std::vector<std::pair<std::string, mode_t>> modes = {{copy.string(), 0755}};
  for (const auto& entry : fs::recursive_directory_iterator(original)) {
    std::string target = copy.string() + entry.path().string().substr(prefix);
    if (fs::is_directory(entry.symlink_status())) {
      if (::mkdir(target.c_str(), 0755) != 0) return fail_errno("create " + target);
      modes.emplace_back(target, static_cast<mode_t>(entry.status().permissions()) & 07777);
    } else if (::link(entry.path().c_str(), target.c_str()) != 0) {
      return fail_errno("link " + target);
    }
  }
  for (const auto& [path, mode] : modes) {
    if (::chmod(path.c_str(), mode) != 0) return fail_errno("chmod " + path);
  }
  return {};
}

}  // namespace ashlar::image
