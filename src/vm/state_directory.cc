#include "vm/state_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

namespace ashlar::vm {
namespace {

// An overlay holds only differences: over another image it would be rubble. Size and time say whether it is the same.
Result<std::string> identity(const fs::path& image) {
  struct stat status{};
  if (::stat(image.c_str(), &status) != 0) return fail_errno("stat " + image.string());
  return fs::absolute(image).string() + " " + std::to_string(status.st_size) + " " +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) + "\n";
}

}  // namespace

Result<StateDirectory> StateDirectory::open(const fs::path& kept) {
  if (kept.empty()) {
    std::error_code error;
    fs::path base = fs::temp_directory_path(error);
    std::string name = (error ? fs::path("/tmp") : base) / "ashlar-machine-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return fail_errno("create " + name);
    return StateDirectory(name, Lifetime::temporary);
  }
  std::error_code error;
  fs::create_directories(kept, error);
  if (!error) fs::permissions(kept, fs::perms::owner_all, error);  // a TPM's secrets lie in it
  if (error) return fail("create the machine's directory " + kept.string() + ": " + error.message());
  return StateDirectory(fs::absolute(kept), Lifetime::kept);
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})), lifetime_(other.lifetime_) {}

StateDirectory::~StateDirectory() {
  if (path_.empty() || lifetime_ == Lifetime::kept) return;
  std::error_code error;
  fs::remove_all(path_, error);
  if (error) log::warn("remove " + path_.string() + ": " + error.message());
}

Result<fs::path> StateDirectory::variables(const fs::path& template_file) const {
  fs::path own = path_ / "variables.fd";
  if (fs::exists(own)) return own;
  Bytes content = TRY(read_file(template_file));
  TRY(write_file(own, content, 0600));
  return own;
}

Result<fs::path> StateDirectory::overlay(const fs::path& image) const {
  fs::path own = path_ / "disk.qcow2";
  fs::path note = path_ / "disk.image";
  std::string now = TRY(identity(image));
  if (fs::exists(own)) {
    std::string then = TRY(read_text(note));
    if (then == now) return own;
    return fail("the image " + image.string() + " is not the one the machine in " + path_.string() +
                " was made with: delete that directory to start anew");
  }
  if (!find_program("qemu-img")) return fail("no qemu-img on this host: install the package qemu-utils");
  // An empty note would make a half-made overlay look like one of another image: the note is there first.
  TRY(write_file(note, as_bytes(now), 0600));
  Command create;
  create.argv = {"qemu-img",  "create", "-q", "-f", "qcow2", "-F", "raw", "-b", fs::absolute(image).string(),
                 own.string()};
  TRY(run_checked(create));
  return own;
}

Result<std::map<std::string, fs::path>> StateDirectory::write_fw_cfg(
    const std::map<std::string, std::string>& entries) const {
  std::map<std::string, fs::path> files;
  for (const auto& [name, content] : entries) {
    fs::path file = path_ / ("fw_cfg." + std::to_string(files.size()));
    TRY(write_file(file, as_bytes(content), 0600));
    files[name] = file;
  }
  return files;
}

}  // namespace ashlar::vm
