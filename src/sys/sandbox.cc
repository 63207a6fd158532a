#include "sys/sandbox.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "sys/capabilities.h"

namespace ashlar {
namespace {

Status limit(__rlimit_resource resource, rlim_t most, std::string_view what) {
  rlimit both = {most, most};
  if (::setrlimit(resource, &both) != 0) return fail_errno("limit " + std::string(what));
  return {};
}

Status enter_namespaces(std::uint8_t shares) {
  int wanted = CLONE_NEWNS;
  if ((shares & shared::kNetwork) == 0) wanted |= CLONE_NEWNET;
  if ((shares & shared::kHostName) == 0) wanted |= CLONE_NEWUTS;
  if (::unshare(wanted) != 0) return fail_errno("enter namespaces");
  return {};
}

Status become_user(const ServiceSandbox& sandbox) {
  std::vector<gid_t> groups;
  for (GroupId group : sandbox.groups) groups.push_back(group.number);
  if (::setgroups(groups.size(), groups.data()) != 0) return fail_errno("set the supplementary groups");
  gid_t gid = sandbox.group.number;
  if (::setresgid(gid, gid, gid) != 0) return fail_errno("set the group");
  uid_t uid = sandbox.user.number;
  if (::setresuid(uid, uid, uid) != 0) return fail_errno("set the user");
  return {};
}

Status set_capabilities(std::uint64_t kept) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  for (unsigned half = 0; half < 2; ++half) {
    auto bits = static_cast<std::uint32_t>(kept >> (32 * half));
    data[half] = {bits, bits, bits};
  }
  if (::syscall(SYS_capset, &header, data.data()) != 0) return fail_errno("set the capabilities");
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((kept >> capability & 1) == 0) continue;
    // Of a user other than root only ambient ones outlive the exec.
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0) return fail_errno("keep a capability");
  }
  return {};
}

// Linux 6.14; the workshop's headers are older (Documentation/userspace-api/check_exec.rst).
constexpr unsigned long kExecRestrictFile = 1UL << 8 | 1UL << 9;       // with its lock
constexpr unsigned long kExecDenyInteractive = 1UL << 10 | 1UL << 11;  // with its lock

Status change_identity(const ServiceSandbox& sandbox, ServiceKind kind) {
  TRY(bound_capabilities(~sandbox.capabilities));
  // A program has what is set here and nothing for being root's; what is kept now survives the change of the user. A
  // shell runs scripts of the verified root, and what a person types in a session alone.
  unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS | kExecRestrictFile;
  if (kind != ServiceKind::session) bits |= kExecDenyInteractive;
  if (::prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) != 0) return fail_errno("set the secure bits");
  TRY(become_user(sandbox));
  return set_capabilities(sandbox.capabilities);
}

}  // namespace

Status enter_sandbox(const ServiceDefinition& service) {
  const ServiceSandbox& sandbox = service.sandbox;
  // A session is a person's. The table cannot say whose, and nothing else may be forgotten here.
  if (service.kind == ServiceKind::session && sandbox.user.number == kNobody.number) return fail("nobody's session");
  ::umask(022);
  if (::chdir("/") != 0) return fail_errno("enter /");
  TRY(limit(RLIMIT_CORE, 0, "core dumps"));
  TRY(limit(RLIMIT_NOFILE, sandbox.open_files, "open files"));
  TRY(enter_namespaces(sandbox.shares));
  TRY(enter_view(service));
  TRY(change_identity(sandbox, service.kind));
  if (service.kind == ServiceKind::session) ::umask(077);  // what a person writes is that person's
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("forbid new privileges");
  if (::prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0) {
    return fail_errno("forbid memory that is written and executed");
  }
  TRY(enter_landlock(sandbox));
  return enter_seccomp(sandbox);
}

}  // namespace ashlar
