#include "init/machine.h"

#include <linux/capability.h>

#include <tuple>

#include "init/sysctls.h"
#include "sys/capabilities.h"
#include "sys/device_mapper.h"
#include "sys/efi_variables.h"
#include "sys/mounts.h"
#include "sys/release.h"

namespace ashlar {
namespace {

// The value, or nothing and a line in the log.
template <typename T>
std::optional<T> told(Kernel& kernel, std::string_view what, Result<std::optional<T>> answer) {
  if (answer) return *answer;
  kernel.say(Severity::failure, "ashlar: " + std::string(what) + ": " + answer.error().message());
  return std::nullopt;
}

// What nobody on the running machine needs: to change or switch off the policies of IPE and SELinux, to load code into
// the kernel, to reach memory and devices past it, to trace it.
constexpr std::uint64_t kNobodys = capability_bit(CAP_MAC_ADMIN) | capability_bit(CAP_MAC_OVERRIDE) |
                                   capability_bit(CAP_SYS_MODULE) | capability_bit(CAP_SYS_RAWIO) |
                                   capability_bit(CAP_BPF) | capability_bit(CAP_PERFMON);
// What PID 1 alone does.
constexpr std::uint64_t kOwn = capability_bit(CAP_SYS_BOOT);

}  // namespace

Status set_up_machine(Kernel& kernel) {
  TRY(mount_all(kernel, system_mounts()));
  TRY(set_sysctls(kernel));
  TRY(kernel.bound_capabilities(kNobodys | kOwn));
  TRY(kernel.drop_capabilities(kNobodys));
  TRY(kernel.set_host_name("ashlar"));
  return kernel.raise_loopback();
}

MachineState observe_machine(Kernel& kernel) {
  return {
      .version = std::string(kVersion),
      .variant = std::string(kVariant),
      .verified = told(kernel, "verified root", verified_root_hash(kernel)),
      .secure_boot = told(kernel, "SecureBoot", efi_switch(kernel, "SecureBoot")),
      .setup_mode = told(kernel, "SetupMode", efi_switch(kernel, "SetupMode")),
  };
}

void announce_ready(Kernel& kernel, const MachineState& state) {
  kernel.show(ready_page(state));
  kernel.say(Severity::info, ready_line(state));
  // For programs that tell a person; who decides asks the kernel.
  std::ignore = kernel.make_directory("/run/ashlar");
  Status written = kernel.write_file(kReadyFile, as_bytes(ready_line(state) + "\n"));
  if (!written) kernel.say(Severity::failure, "ashlar: " + written.error().message());
}

}  // namespace ashlar
