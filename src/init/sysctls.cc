#include "init/sysctls.h"

#include <array>

namespace ashlar {
namespace {

struct Sysctl {
  const char* path;  // below /proc/sys
  const char* value;
};

constexpr std::array kSysctls = {
    // What the kernel tells of itself, and who may look into another process: nobody, and nobody can change it back.
    Sysctl{"kernel/kptr_restrict", "2"},
    Sysctl{"kernel/dmesg_restrict", "1"},
    Sysctl{"kernel/perf_event_paranoid", "3"},
    Sysctl{"kernel/yama/ptrace_scope", "3"},
    // An oops stops the machine already; a hundred warnings do.
    Sysctl{"kernel/oops_limit", "100"},
    Sysctl{"kernel/warn_limit", "100"},
    // A file in memory is not executable, and cannot be made so.
    Sysctl{"vm/memfd_noexec", "2"},
    // Traps laid in directories that several users write to.
    Sysctl{"fs/protected_symlinks", "1"},
    Sysctl{"fs/protected_hardlinks", "1"},
    Sysctl{"fs/protected_fifos", "2"},
    Sysctl{"fs/protected_regular", "2"},
    Sysctl{"fs/suid_dumpable", "0"},
    // An end point, not a router: `default` is for what comes later, and for other network namespaces.
    Sysctl{"net/ipv4/conf/all/accept_redirects", "0"},
    Sysctl{"net/ipv4/conf/default/accept_redirects", "0"},
    Sysctl{"net/ipv4/conf/all/secure_redirects", "0"},
    Sysctl{"net/ipv4/conf/default/secure_redirects", "0"},
    Sysctl{"net/ipv4/conf/all/send_redirects", "0"},
    Sysctl{"net/ipv4/conf/default/send_redirects", "0"},
    Sysctl{"net/ipv4/conf/all/accept_source_route", "0"},
    Sysctl{"net/ipv4/conf/default/accept_source_route", "0"},
    Sysctl{"net/ipv4/conf/all/rp_filter", "1"},
    Sysctl{"net/ipv4/conf/default/rp_filter", "1"},
    Sysctl{"net/ipv4/tcp_rfc1337", "1"},
};

}  // namespace

Status set_sysctls(Kernel& kernel) {
  for (const Sysctl& sysctl : kSysctls) {
    TRY(kernel.set_value(std::string("/proc/sys/") + sysctl.path, as_bytes(sysctl.value)));
  }
  return {};
}

}  // namespace ashlar
