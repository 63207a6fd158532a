#include "sys/mounts.h"

#include <sys/mount.h>

#include <array>
#include <tuple>

namespace ashlar {
namespace {

// Nothing on a pseudo file system or a tmpfs is a device, a set-id program or, except where said, a program at all.
constexpr unsigned long kInert = MS_NOSUID | MS_NODEV | MS_NOEXEC;

}  // namespace

std::span<const MountEntry> early_mounts() {
  static const std::array<MountEntry, 4> kMounts = {{
      {{"proc", "/proc", "proc", kInert, ""}},
      {{"sysfs", "/sys", "sysfs", kInert, ""}},
      {{"devtmpfs", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755"}},
      {{"tmpfs", "/run", "tmpfs", kInert, "mode=0755,size=20%,nr_inodes=800k"}},
  }};
  return kMounts;
}

std::span<const MountEntry> system_mounts() {
  static const std::array<MountEntry, 6> kMounts = {{
      {{"tmpfs", "/tmp", "tmpfs", kInert, "mode=1777,size=50%,nr_inodes=1m"}},
      {{"tmpfs", "/dev/shm", "tmpfs", kInert, "mode=1777,size=50%,nr_inodes=1m"}},
      {{"devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666,gid=5"}},
      {{"cgroup2", "/sys/fs/cgroup", "cgroup2", kInert, ""}},
      {{"securityfs", "/sys/kernel/security", "securityfs", kInert, ""}},
      {{"efivarfs", "/sys/firmware/efi/efivars", "efivarfs", kInert | MS_RDONLY, ""}, /*needed=*/false},
  }};
  return kMounts;
}

Status mount_all(Kernel& kernel, std::span<const MountEntry> entries) {
  for (const MountEntry& entry : entries) {
    // Fails on the read-only root and in /sys, where the directory is there or the mount says what is wrong.
    std::ignore = kernel.make_directory(entry.mount.target);
    Status mounted = kernel.mount(entry.mount);
    if (!mounted && entry.needed) return mounted;
  }
  return {};
}

Status switch_root(Kernel& kernel, const std::string& new_root) {
  for (const MountEntry& entry : early_mounts()) {
    TRY(kernel.move_mount(entry.mount.target, new_root + entry.mount.target));
  }
  TRY(kernel.empty_directory("/"));
  return kernel.change_root(new_root);
}

}  // namespace ashlar
