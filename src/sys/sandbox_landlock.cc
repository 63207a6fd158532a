// Which files a service may do what with, whatever user it is and whatever file system it makes for itself: mounts and
// user namespaces of its own do not widen it (Documentation/userspace-api/landlock.rst).
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "base/fd.h"
#include "sys/sandbox.h"

namespace ashlar {
namespace {

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kUseDevice = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_IOCTL_DEV;
// Nodes of devices are made by udevd alone, in a /dev that it shares.
constexpr std::uint64_t kWrite = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |
                                 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
constexpr std::uint64_t kMakeNode = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
constexpr std::uint64_t kAll = kRead | kWrite | kUseDevice | kMakeNode | LANDLOCK_ACCESS_FS_EXECUTE;

Status allow(const Fd& rules, const std::string& path, std::uint64_t access) {
  Fd beneath = TRY(open_file(path, O_PATH));
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = beneath.get();
  if (::syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return fail_errno("allow the use of " + path);
  }
  return {};
}

}  // namespace

Status enter_landlock(const ServiceSandbox& sandbox) {
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = kAll;
  handled.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
  Fd rules(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
  if (!rules.valid()) return fail_errno("make Landlock's rules");
  TRY(allow(rules, "/", kRead));
  TRY(allow(rules, "/usr", LANDLOCK_ACCESS_FS_EXECUTE));  // what is on the verified root and nothing else
  bool all_devices = (sandbox.shares & shared::kDevices) != 0;
  TRY(allow(rules, "/dev", all_devices ? kUseDevice | kWrite | kMakeNode : kUseDevice));
  for (const char* path : {"/tmp", "/dev/shm"}) TRY(allow(rules, path, kWrite));
  for (auto list : {sandbox.directories, sandbox.writable}) {
    for (const char* path : list) TRY(allow(rules, path, kWrite));
  }
  if (own_data(sandbox) != nullptr) TRY(allow(rules, own_data(sandbox), kWrite));
  if (::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0) return fail_errno("enter Landlock");
  return {};
}

}  // namespace ashlar
