// What no program of a service may ask of the kernel (Documentation/userspace-api/seccomp_filter.rst).
//
// personality(READ_IMPLIES_EXEC) makes memory executable that nobody asked to be; neither PR_SET_MDWE nor IPE sees it.
// Mapping memory both writable and executable is refused here as well, so that one mistake elsewhere is not enough.
// Other architectures' system calls have other numbers: who uses them is ended.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>

#include "sys/sandbox.h"

namespace ashlar {
namespace {

constexpr std::uint32_t kFirstOfX32 = 0x40000000;
constexpr std::uint32_t kWriteAndExecute = PROT_WRITE | PROT_EXEC;

// A step of the program, and how many steps are skipped when what it compares is equal, and when not.
constexpr sock_filter step(unsigned code, std::size_t value, unsigned if_so = 0, unsigned if_not = 0) {
  return {static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(if_so), static_cast<std::uint8_t>(if_not),
          static_cast<std::uint32_t>(value)};
}
constexpr sock_filter load(std::size_t offset) { return step(BPF_LD | BPF_W | BPF_ABS, offset); }
constexpr sock_filter equals(std::size_t value, unsigned if_so, unsigned if_not) {
  return step(BPF_JMP | BPF_JEQ | BPF_K, value, if_so, if_not);
}
constexpr sock_filter answer(std::uint32_t action) { return step(BPF_RET | BPF_K, action); }

// The third argument of all three calls that set protections; the low half of a little-endian number comes first.
constexpr std::size_t kProtection = offsetof(seccomp_data, args) + 2 * sizeof(std::uint64_t);

constexpr std::array kFilter = {
    load(offsetof(seccomp_data, arch)),
    equals(AUDIT_ARCH_X86_64, 1, 0),
    answer(SECCOMP_RET_KILL_PROCESS),
    load(offsetof(seccomp_data, nr)),
    step(BPF_JMP | BPF_JGE | BPF_K, kFirstOfX32, 0, 1),
    answer(SECCOMP_RET_KILL_PROCESS),
    equals(SYS_personality, 7, 0),
    equals(SYS_mmap, 2, 0),
    equals(SYS_mprotect, 1, 0),
    equals(SYS_pkey_mprotect, 0, 3),
    load(kProtection),
    step(BPF_ALU | BPF_AND | BPF_K, kWriteAndExecute),
    equals(kWriteAndExecute, 1, 0),
    answer(SECCOMP_RET_ALLOW),
    answer(SECCOMP_RET_ERRNO | EPERM),
};

}  // namespace

Status forbid_system_calls() {
  sock_fprog program = {kFilter.size(), const_cast<sock_filter*>(kFilter.data())};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) return fail_errno("forbid system calls");
  return {};
}

}  // namespace ashlar
