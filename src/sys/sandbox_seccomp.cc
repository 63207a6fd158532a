// The list of what a service may ask of the kernel (Documentation/userspace-api/seccomp_filter.rst). The builder made
// the program (src/image/seccomp_filter.h) and the table has it as constants.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include "sys/sandbox.h"

namespace ashlar {
namespace {

constexpr std::uint32_t kFirstOfX32 = 0x40000000;

// A step of the program, and how many steps are skipped when what it compares is so, and when not.
constexpr sock_filter step(unsigned code, std::size_t value, std::uint8_t if_so = 0, std::uint8_t if_not = 0) {
  return {static_cast<std::uint16_t>(code), if_so, if_not, static_cast<std::uint32_t>(value)};
}

// What does not exist for a service, whatever it lists: clone3, whose flags lie in memory where no filter sees them,
// and calls too new for the lists. Libraries ask for both and take something else, so none of it is told in the log.
constexpr std::array kDoesNotExist = {
    step(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    step(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 4),
    step(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    step(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 3, 0),
    step(BPF_JMP | BPF_JGE | BPF_K, kFirstOfX32, 1, 0),
    step(BPF_JMP | BPF_JGE | BPF_K, kFirstUnknownCall, 1, 0),
    step(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    step(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
};

Status load(std::span<const sock_filter> steps, unsigned flags) {
  // The kernel reads the program and keeps a copy.
  sock_fprog program = {static_cast<unsigned short>(steps.size()), const_cast<sock_filter*>(steps.data())};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) != 0) return fail_errno("enter seccomp");
  return {};
}

}  // namespace

Status enter_seccomp(const ServiceSandbox& sandbox) {
  if (sandbox.system_calls.empty()) return fail("there is no list of the system calls it may make");
  // Of two answers that refuse, the later filter's counts: the list lets pass what the first has answered.
  TRY(load(kDoesNotExist, 0));
  return load(sandbox.system_calls, SECCOMP_FILTER_FLAG_LOG);
}

}  // namespace ashlar
