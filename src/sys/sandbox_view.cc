// The file system as a service sees it.
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/fd.h"
#include "sys/sandbox.h"

namespace ashlar {
namespace {

constexpr unsigned long kInert = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr std::array<const char*, 2> kTemporary = {"/tmp", "/dev/shm"};

Status mount_on(const char* source, const std::string& target, const char* type, unsigned long flags,
                const char* data = nullptr) {
  if (::mount(source, target.c_str(), type, flags, data) != 0) return fail_errno("mount on " + target);
  return {};
}

// The service's own, below directories that are root's.
Status make_own_directory(const std::string& path, const ServiceDefinition& service, mode_t mode) {
  for (std::size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
    ::mkdir(path.substr(0, slash).c_str(), 0755);  // when it is neither there nor made, the next step says so
  }
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail_errno("make " + path);
  Fd directory = TRY(open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  if (::fchown(directory.get(), service.sandbox.user.number, service.sandbox.group.number) != 0) {
    return fail_errno("give " + path);
  }
  if (::fchmod(directory.get(), mode) != 0) return fail_errno("set the mode of " + path);
  return {};
}

// What `path` of the whole /dev is, at the same place in the new one, which is mounted over it.
Status bring_device(const Fd& whole, const std::string& path) {
  std::string inside = path.substr(std::string_view("/dev/").size());
  struct stat found{};
  if (::fstatat(whole.get(), inside.c_str(), &found, 0) != 0) return {};  // this machine has none
  for (std::size_t slash = path.find('/', 5); slash != path.npos; slash = path.find('/', slash + 1)) {
    ::mkdir(path.substr(0, slash).c_str(), 0755);
  }
  if (S_ISDIR(found.st_mode)) {
    ::mkdir(path.c_str(), 0755);
  } else {
    TRY(open_file(path, O_WRONLY | O_CREAT, 0644));
  }
  std::string source = "/proc/self/fd/" + std::to_string(whole.get()) + "/" + inside;
  return mount_on(source.c_str(), path, nullptr, MS_BIND | MS_REC);
}

Status make_own_devices(const ServiceSandbox& sandbox) {
  Fd whole = TRY(open_file("/dev", O_PATH | O_DIRECTORY));
  TRY(mount_on("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k,nr_inodes=256"));
  for (const char* path : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
    TRY(bring_device(whole, path));
  }
  for (const char* path : sandbox.devices) TRY(bring_device(whole, path));
  // The node /dev/ptmx looks for /dev/pts beside itself, where it is not mounted; the one inside works anywhere.
  if (::access("/dev/pts", F_OK) == 0 && ::symlink("pts/ptmx", "/dev/ptmx") != 0) return fail_errno("link /dev/ptmx");
  if (::mkdir("/dev/shm", 0755) != 0) return fail_errno("make /dev/shm");
  constexpr std::array<std::array<const char*, 2>, 4> kLinks = {{{"/proc/self/fd", "/dev/fd"},
                                                                 {"/proc/self/fd/0", "/dev/stdin"},
                                                                 {"/proc/self/fd/1", "/dev/stdout"},
                                                                 {"/proc/self/fd/2", "/dev/stderr"}}};
  for (auto [target, link] : kLinks) {
    if (::symlink(target, link) != 0) return fail_errno("link " + std::string(link));
  }
  // With the shared temporary directories comes the machine's own.
  if ((sandbox.shares & shared::kTemporary) == 0) return {};
  std::string shm = "/proc/self/fd/" + std::to_string(whole.get()) + "/shm";
  return mount_on(shm.c_str(), "/dev/shm", nullptr, MS_BIND);
}

// Nothing of /data, or one directory of it.
Status hide_data(const char* shown) {
  Fd home;
  if (shown != nullptr) home = TRY(open_file(shown, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  TRY(mount_on("tmpfs", kDataRoot, "tmpfs", kInert, "mode=0755,size=4k,nr_inodes=8"));
  if (!home.valid()) return {};
  std::string path = shown;
  for (std::size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
    ::mkdir(path.substr(0, slash).c_str(), 0755);
  }
  if (::mkdir(path.c_str(), 0755) != 0) return fail_errno("make " + path);
  return mount_on(("/proc/self/fd/" + std::to_string(home.get())).c_str(), path, nullptr, MS_BIND);
}

Status set_read_only(const std::string& path, bool read_only) {
  mount_attr change{};
  (read_only ? change.attr_set : change.attr_clr) = MOUNT_ATTR_RDONLY;
  unsigned flags = read_only ? AT_RECURSIVE : 0;
  if (::syscall(SYS_mount_setattr, AT_FDCWD, path.c_str(), flags, &change, sizeof change) != 0) {
    return fail_errno((read_only ? "make read-only " : "make writable ") + path);
  }
  return {};
}

}  // namespace

Status enter_view(const ServiceDefinition& service) {
  const ServiceSandbox& sandbox = service.sandbox;
  // Nothing that is mounted here is seen outside, nor the other way round.
  TRY(mount_on(nullptr, "/", nullptr, MS_REC | MS_PRIVATE));
  // Of other users' processes it sees nothing, nor of those that have more capabilities.
  TRY(mount_on("proc", "/proc", "proc", kInert, "hidepid=invisible"));
  for (const char* path : sandbox.directories) {
    TRY(make_own_directory(path, service, service.kind == ServiceKind::session ? 0700 : 0755));
  }
  if (sandbox.state != nullptr) TRY(make_own_directory(sandbox.state, service, 0700));
  bool own_devices = (sandbox.shares & shared::kDevices) == 0;
  if (own_devices) TRY(make_own_devices(sandbox));
  bool own_temporary = (sandbox.shares & shared::kTemporary) == 0;
  if (own_temporary) {
    for (const char* path : kTemporary) TRY(mount_on("tmpfs", path, "tmpfs", kInert, "mode=1777,size=25%"));
  }

  if ((sandbox.shares & shared::kData) == 0) TRY(hide_data(own_data(sandbox)));

  // What can be written becomes a mount of its own, so that it can be told apart from what lies around it.
  for (auto list : {sandbox.directories, sandbox.writable}) {
    for (const char* path : list) TRY(mount_on(path, path, nullptr, MS_BIND | MS_REC));
  }
  TRY(set_read_only("/", true));
  for (auto list : {sandbox.directories, sandbox.writable}) {
    for (const char* path : list) TRY(set_read_only(path, false));
  }
  if (own_data(sandbox) != nullptr) TRY(set_read_only(own_data(sandbox), false));
  for (const char* path : kTemporary) TRY(set_read_only(path, false));
  if (!own_devices) TRY(set_read_only("/dev", false));
  return {};
}

}  // namespace ashlar
