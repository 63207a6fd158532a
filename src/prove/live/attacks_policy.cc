// The policies themselves: switched off, replaced, loosened.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "prove/live/attack.h"

namespace ashlar::live {
namespace {

constexpr char kIpe[] = "/sys/kernel/security/ipe/";
constexpr char kSelinux[] = "/sys/fs/selinux/";
constexpr char kLockdown[] = "/sys/kernel/security/lockdown";
constexpr char kYama[] = "/proc/sys/kernel/yama/ptrace_scope";

// What was there is written back at once.
Outcome ipe_off(const Ground&) {
  const std::string path = std::string(kIpe) + "enforce";
  const std::string before = content_of(path);
  if (put_value(path, "0") != 0) return refused("write");
  put_value(path, before);
  return done();
}

Outcome give_policy(std::string_view policy) {
  return reached_unless(put_value(std::string(kIpe) + "new_policy", policy), "write", {EPERM, EACCES, EROFS});
}
Outcome ipe_unsigned(const Ground&) {
  return give_policy("policy_name=ashlar policy_version=9.0.0\nDEFAULT action=ALLOW\n");
}
Outcome ipe_given(const Ground& ground, const char* file) {
  std::string policy = content_of(ground.given + "/" + file);
  if (policy.empty()) return broken(std::string("read ") + file);
  return give_policy(policy);
}
Outcome ipe_foreign(const Ground& ground) { return ipe_given(ground, "policy-foreign"); }
Outcome ipe_older(const Ground& ground) { return ipe_given(ground, "policy-older"); }

// selinuxfs, wherever it is not mounted yet.
bool mount_selinux() {
  if (::access((std::string(kSelinux) + "load").c_str(), F_OK) == 0) return true;
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("selinuxfs", kSelinux, "selinuxfs", 0, nullptr) == 0;
}
Outcome selinux_load(const Ground&) {
  if (!mount_selinux()) return refused("mount");
  return reached_unless(put_value(std::string(kSelinux) + "load", "policy"), "write", {EPERM, EACCES, EROFS});
}
Outcome selinux_off(const Ground&) {
  if (!mount_selinux()) return refused("mount");
  return put_value(std::string(kSelinux) + "enforce", "0") == 0 ? done() : refused("write");
}
Outcome selinux_read(const Ground&) {
  if (!mount_selinux()) return refused("mount");
  return content_of(std::string(kSelinux) + "enforce").empty() ? refused("read") : done();
}

Outcome relabel(const Ground&) {
  constexpr char kFile[] = "/tmp/relabelled";
  constexpr std::string_view kLabel = "system_u:object_r:home_t";
  if (!put(kFile, "x", 0644)) return broken("write a file");
  bool set = ::setxattr(kFile, "security.selinux", kLabel.data(), kLabel.size(), 0) == 0;
  int error = errno;
  ::unlink(kFile);
  return set ? done() : refused("setxattr", error);
}

Outcome yama(const Ground&) { return put_value(kYama, "0") == 0 ? done() : refused("write"); }
Outcome lockdown(const Ground&) { return put_value(kLockdown, "integrity") == 0 ? done() : refused("write"); }
Outcome lockdown_read(const Ground&) { return content_of(kLockdown).empty() ? refused("read") : done(); }

}  // namespace

const std::vector<NamedAttack> kPolicyAttacks = {
    {"policy.ipe-off", ipe_off},
    {"policy.ipe-unsigned", ipe_unsigned},
    {"policy.ipe-foreign", ipe_foreign},
    {"policy.ipe-older", ipe_older},
    {"policy.selinux-load", selinux_load},
    {"policy.selinux-off", selinux_off},
    {"policy.selinux-read", selinux_read},
    {"policy.relabel", relabel},
    {"policy.yama", yama},
    {"policy.lockdown", lockdown},
    {"policy.lockdown-read", lockdown_read},
};

}  // namespace ashlar::live
