#include "boot/execution_policy.h"

#include <sys/mount.h>

#include <cerrno>

#include "format/ipe_policy.h"

namespace ashlar {
namespace {

constexpr char kSecurityfs[] = "/sys/kernel/security";

Status write_policy(Kernel& kernel, const std::string& directory, ByteView signed_policy) {
  const std::string policies = directory + "/policies/";
  Status loaded = kernel.set_value(directory + "/new_policy", signed_policy);
  if (!loaded && loaded.error().code() == ENOKEY) {
    return std::unexpected(std::move(loaded).error().in("it is not signed by a key in the firmware's db"));
  }
  TRY(std::move(loaded));
  TRY(kernel.set_value(policies + kIpeRunPolicyName + "/active", as_bytes("1")));
  return kernel.set_value(policies + kIpeBootPolicyName + "/delete", as_bytes("1"));
}

}  // namespace

Status enforce_run_policy(Kernel& kernel, ByteView signed_policy) {
  TRY(kernel.mount({"securityfs", kSecurityfs, "securityfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""}));
  TRY(write_policy(kernel, std::string(kSecurityfs) + "/ipe", signed_policy));
  return kernel.unmount(kSecurityfs);
}

}  // namespace ashlar
