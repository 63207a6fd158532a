#include "image/seccomp_filter.h"

#include <linux/audit.h>
#include <linux/memfd.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <memory>

#include "base/fd.h"
#include "format/service_table.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U  // Linux 6.3
#endif

namespace ashlar::image {
namespace {

constexpr std::uint64_t kLow = 0xffffffff;  // of arguments that are an int the kernel reads no more
constexpr std::uint32_t kFirstOfX32 = 0x40000000;
constexpr std::uint64_t kWriteAndExecute = PROT_WRITE | PROT_EXEC;
constexpr std::uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                      CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME;

// The bits `mask` of one argument have one of these values, or the call is not allowed.
struct ArgumentRule {
  unsigned argument;
  std::uint64_t mask;
  std::vector<std::uint64_t> values;
};

class Filter {
 public:
  static Result<Filter> create() {
    Filter filter;
    filter.context_.reset(::seccomp_init(SCMP_ACT_ERRNO(EPERM)));
    if (!filter.context_) return fail("libseccomp: no filter");
    TRY(done("the answer to other architectures",
             ::seccomp_attr_set(filter.context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)));
    TRY(done("a binary tree", ::seccomp_attr_set(filter.context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2)));
    return filter;
  }

  Status answer(std::uint32_t call, std::uint32_t action) {
    return done(name_of_system_call(call),
                ::seccomp_rule_add_exact_array(context_.get(), action, static_cast<int>(call), 0, nullptr));
  }
  Status allow(std::uint32_t call, const ArgumentRule& rule) {
    for (std::uint64_t value : rule.values) {
      scmp_arg_cmp compare = {rule.argument, SCMP_CMP_MASKED_EQ, rule.mask, value};
      TRY(done(name_of_system_call(call),
               ::seccomp_rule_add_exact_array(context_.get(), SCMP_ACT_ALLOW, static_cast<int>(call), 1, &compare)));
    }
    return {};
  }

  [[nodiscard]] Result<std::vector<sock_filter>> program() const {
    Fd file(::memfd_create("seccomp", MFD_CLOEXEC));
    if (!file.valid()) return fail_errno("memfd_create");
    TRY(done("the program", ::seccomp_export_bpf(context_.get(), file.get())));
    off_t size = ::lseek(file.get(), 0, SEEK_END);
    std::vector<sock_filter> program(static_cast<std::size_t>(size) / sizeof(sock_filter));
    if (::pread(file.get(), program.data(), static_cast<std::size_t>(size), 0) != size) return fail_errno("read it");
    return program;
  }

 private:
  struct Release {
    void operator()(void* context) const { ::seccomp_release(context); }
  };

  static Status done(std::string_view what, int result) {
    return result == 0 ? Status{} : Status(fail_errno("libseccomp: " + std::string(what), -result));
  }

  std::unique_ptr<void, Release> context_;
};

// The calls of which an argument decides.
Result<std::map<std::uint32_t, ArgumentRule>> argument_rules(const SeccompRules& rules) {
  std::vector<std::uint64_t> families(rules.families.begin(), rules.families.end());
  ArgumentRule protection = {2, kWriteAndExecute, {0, PROT_WRITE, PROT_EXEC}};
  std::uint64_t refused = kNamespaces & ~rules.namespaces;
  std::map<std::uint32_t, ArgumentRule> result;
  result[TRY(system_call("mmap"))] = protection;
  result[TRY(system_call("mprotect"))] = protection;
  result[TRY(system_call("pkey_mprotect"))] = protection;
  result[TRY(system_call("shmat"))] = {2, SHM_EXEC, {0}};
  result[TRY(system_call("memfd_create"))] = {1, MFD_EXEC, {0}};
  result[TRY(system_call("personality"))] = {0, kLow, {0, kLow}};
  // To clone the lowest byte is a signal's number, and a time namespace not to be had.
  result[TRY(system_call("clone"))] = {0, refused & ~std::uint64_t{CSIGNAL}, {0}};
  result[TRY(system_call("unshare"))] = {0, refused, {0}};
  result[TRY(system_call("socket"))] = {0, kLow, families};
  result[TRY(system_call("socketpair"))] = {0, kLow, {AF_UNIX}};
  return result;
}

sock_filter step(unsigned code, std::uint32_t value, std::uint8_t if_so = 0, std::uint8_t if_not = 0) {
  return {static_cast<std::uint16_t>(code), if_so, if_not, value};
}

// What libseccomp has no word for, a range of numbers: those too new for the list pass, for the filter before it has
// answered them. Falls through to what follows.
std::vector<sock_filter> unknown_calls() {
  return {
      step(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      step(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 4),
      step(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      step(BPF_JMP | BPF_JGE | BPF_K, kFirstUnknownCall, 0, 2),
      step(BPF_JMP | BPF_JGE | BPF_K, kFirstOfX32, 1, 0),
      step(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
}

}  // namespace

Result<std::vector<sock_filter>> build_seccomp_filter(const SeccompRules& rules) {
  const auto by_argument = TRY(argument_rules(rules));
  Filter filter = TRY(Filter::create());
  // What does not exist was answered before (sys/sandbox_seccomp.cc), and is here to say nothing of it.
  TRY(filter.answer(TRY(system_call("clone3")), SCMP_ACT_ALLOW));
  for (std::uint32_t call : rules.calls) {
    auto found = by_argument.find(call);
    TRY(found == by_argument.end() ? filter.answer(call, SCMP_ACT_ALLOW) : filter.allow(call, found->second));
  }
  std::vector<sock_filter> program = unknown_calls();
  std::vector<sock_filter> made = TRY(filter.program());
  program.insert(program.end(), made.begin(), made.end());
  return program;
}

}  // namespace ashlar::image
