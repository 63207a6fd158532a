#include "sys/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace ashlar {

Status bound_capabilities(std::uint64_t lost) {
  for (unsigned capability = 0; capability < 64; ++capability) {
    if (::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) < 0) break;  // beyond the last this kernel knows
    if ((lost & capability_bit(capability)) == 0) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return fail_errno("drop a capability");
  }
  return {};
}

Status drop_capabilities(std::uint64_t lost) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return fail_errno("read the capabilities");
  for (unsigned half = 0; half < 2; ++half) {
    auto left = ~static_cast<std::uint32_t>(lost >> (32 * half));
    data[half].effective &= left;
    data[half].permitted &= left;
    data[half].inheritable &= left;
  }
  if (::syscall(SYS_capset, &header, data.data()) != 0) return fail_errno("drop capabilities");
  return {};
}

}  // namespace ashlar
