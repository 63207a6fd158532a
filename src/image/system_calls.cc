#include "image/system_calls.h"

#include <fmt/format.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "format/service_table.h"
#include "image/toml.h"

namespace ashlar::image {
namespace {

// Newer than the oldest libseccomp this is compiled with (2.5.4: Linux 5.17) and older than what its filters meet
// (arch/x86/entry/syscalls/syscall_64.tbl). The first has the number kFirstNewer.
constexpr std::uint32_t kFirstNewer = 450;
constexpr std::array<std::string_view, kFirstUnknownCall - kFirstNewer> kNewer = {"set_mempolicy_home_node",
                                                                                  "cachestat",
                                                                                  "fchmodat2",
                                                                                  "map_shadow_stack",
                                                                                  "futex_wake",
                                                                                  "futex_wait",
                                                                                  "futex_requeue",
                                                                                  "statmount",
                                                                                  "listmount",
                                                                                  "lsm_get_self_attr",
                                                                                  "lsm_set_self_attr",
                                                                                  "lsm_list_modules",
                                                                                  "mseal",
                                                                                  "setxattrat",
                                                                                  "getxattrat",
                                                                                  "listxattrat",
                                                                                  "removexattrat",
                                                                                  "open_tree_attr",
                                                                                  "file_getattr",
                                                                                  "file_setattr"};

// What no service may do whatever its file says: change the kernel or reach past it, look into or write other
// processes' memory, open files by number, hold the kernel up while it reads memory, keep keys; and
// clone3, which exists for none (sys/sandbox_seccomp.cc).
constexpr std::array<std::string_view, 42> kNobodys = {"acct",
                                                       "add_key",
                                                       "bpf",
                                                       "clone3",
                                                       "create_module",
                                                       "delete_module",
                                                       "finit_module",
                                                       "get_kernel_syms",
                                                       "init_module",
                                                       "io_uring_enter",
                                                       "io_uring_register",
                                                       "io_uring_setup",
                                                       "ioperm",
                                                       "iopl",
                                                       "kexec_file_load",
                                                       "kexec_load",
                                                       "keyctl",
                                                       "lookup_dcookie",
                                                       "migrate_pages",
                                                       "modify_ldt",
                                                       "move_pages",
                                                       "nfsservctl",
                                                       "open_by_handle_at",
                                                       "perf_event_open",
                                                       "pidfd_getfd",
                                                       "process_vm_readv",
                                                       "process_vm_writev",
                                                       "ptrace",
                                                       "query_module",
                                                       "quotactl",
                                                       "quotactl_fd",
                                                       "reboot",
                                                       "remap_file_pages",
                                                       "request_key",
                                                       "setns",
                                                       "swapoff",
                                                       "swapon",
                                                       "_sysctl",
                                                       "syslog",
                                                       "uselib",
                                                       "userfaultfd",
                                                       "vhangup"};

}  // namespace

Result<std::uint32_t> system_call(const std::string& name) {
  if (auto newer = std::ranges::find(kNewer, name); newer != kNewer.end()) {
    return kFirstNewer + static_cast<std::uint32_t>(newer - kNewer.begin());
  }
  // Negative: libseccomp knows the name, and other processors have the call.
  int number = ::seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name.c_str());
  if (number < 0) return fail_misuse("there is no system call '" + name + "'");
  return static_cast<std::uint32_t>(number);
}

std::string name_of_system_call(std::uint32_t number) {
  if (number >= kFirstNewer && number < kFirstUnknownCall) return std::string(kNewer[number - kFirstNewer]);
  std::unique_ptr<char, decltype(&std::free)> name(
      ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, static_cast<int>(number)), &std::free);
  return name ? name.get() : std::to_string(number);
}

Result<SystemCalls> SystemCallGroups::resolve(const std::vector<std::string>& words) const {
  SystemCalls calls;
  for (const std::string& word : words) {
    if (word.starts_with('@')) {
      auto group = groups_.find(word.substr(1));
      if (group == groups_.end()) return fail_misuse("there is no group '" + word + "'");
      calls.insert(group->second.begin(), group->second.end());
      continue;
    }
    if (std::ranges::find(kNobodys, word) != kNobodys.end()) return fail_misuse("no service may call '" + word + "'");
    if (!calls.insert(TRY(system_call(word))).second) return fail_misuse("'" + word + "' is named already");
  }
  return calls;
}

Result<SystemCallGroups> SystemCallGroups::parse(std::string_view text, std::string_view file) {
  TomlTable document = TRY(TomlTable::parse(text, file));
  SystemCallGroups groups;
  for (auto& [name, table] : document.named_tables("group")) {
    table.text("what");
    std::vector<std::string> names = table.list("calls");
    TRY(table.finish());
    groups.groups_[name] = TRY(in(table.where("calls"), SystemCallGroups().resolve(names)));
  }
  TRY(document.finish());
  return groups;
}

}  // namespace ashlar::image
