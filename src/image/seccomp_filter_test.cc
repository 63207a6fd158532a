#include "image/seccomp_filter.h"

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/sandbox.h"

namespace ashlar::image {
namespace {

SystemCallGroups groups() {
  constexpr char kFile[] = ASHLAR_SOURCE_DIR "/os/policy/seccomp/groups.toml";
  return SystemCallGroups::parse(read_text(kFile).value(), kFile).value();
}

// A service's list; or, as the control, none at all.
struct Kept {
  std::vector<std::string> calls;
  std::uint64_t namespaces = 0;
  std::vector<int> families;
  bool in = true;
};
const Kept kFree = {.in = false};

// How a process ends that calls `attempt` and exits with what that returns; 99 when it could not be kept in.
template <typename Attempt>
int status_of(const Kept& kept, Attempt attempt) {
  std::vector<std::string> calls = kept.calls;
  calls.insert(calls.begin(), "@base");
  SeccompRules rules;
  rules.calls = groups().resolve(calls).value();
  rules.namespaces = kept.namespaces;
  rules.families = kept.families;
  std::vector<sock_filter> program = build_seccomp_filter(rules).value();
  ServiceSandbox sandbox{};
  sandbox.system_calls = program;
  pid_t child = ::fork();
  if (child == 0) {
    if (kept.in && (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !enter_seccomp(sandbox))) ::_exit(99);
    ::_exit(attempt());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// errno of a system call, 0 when it worked.
int call(long number, auto... arguments) { return ::syscall(number, arguments...) < 0 ? errno : 0; }

// errno of a mapping with these protections, or of making a plain one so.
int map(int protection) {
  void* memory = ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? errno : 0;
}
int change(int protection) {
  void* memory = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return ::mprotect(memory, 4096, protection) == 0 ? 0 : errno;
}

TEST(SeccompFilter, WhatIsNotListedIsRefused) {
  auto make = [] { return call(SYS_mkdir, "/proc/none", 0700); };
  EXPECT_EQ(status_of({}, make), EPERM);
  EXPECT_EQ(status_of({.calls = {"@write"}}, make), ENOENT);
  EXPECT_EQ(status_of(kFree, make), ENOENT) << "the control";
  EXPECT_EQ(status_of({}, [] { return call(SYS_getpid); }), 0);
}

TEST(SeccompFilter, WhatIsTooNewDoesNotExist) {
  for (long number : {static_cast<long>(kFirstUnknownCall), 1000L, 0x3fffffffL}) {
    EXPECT_EQ(status_of({}, [&] { return call(number); }), ENOSYS) << number;
  }
  EXPECT_EQ(status_of({}, [] { return call(long{kFirstUnknownCall} - 1); }), EPERM);
}

TEST(SeccompFilter, NoMemoryIsWritableAndExecutable) {
  constexpr int kBoth = PROT_READ | PROT_WRITE | PROT_EXEC;
  for (auto ask : {map, change}) {
    EXPECT_EQ(status_of({}, [&] { return ask(kBoth); }), EPERM);
    EXPECT_EQ(status_of(kFree, [&] { return ask(kBoth); }), 0) << "the control";
    EXPECT_EQ(status_of({}, [&] { return ask(PROT_READ | PROT_WRITE); }), 0);
    EXPECT_EQ(status_of({}, [&] { return ask(PROT_READ | PROT_EXEC); }), 0);
  }
  auto with_key = [] { return call(SYS_pkey_mprotect, 0L, 0L, long{PROT_WRITE | PROT_EXEC}, -1L); };
  EXPECT_EQ(status_of({.calls = {"@memory"}}, with_key), EPERM);
  EXPECT_EQ(status_of(kFree, with_key), 0) << "the control";
}

TEST(SeccompFilter, NoMemoryFileIsExecutable) {
  constexpr long kExecutable = 0x10;  // MFD_EXEC, Linux 6.3
  const Kept memory = {.calls = {"@memory"}};
  auto make = [](long flags) { return [=] { return call(SYS_memfd_create, "x", flags); }; };
  EXPECT_EQ(status_of(memory, make(kExecutable)), EPERM);
  EXPECT_NE(status_of(kFree, make(kExecutable)), EPERM) << "the control";
  EXPECT_EQ(status_of(memory, make(0)), 0);
}

TEST(SeccompFilter, PersonalityStaysAsItIs) {
  auto ask = [](unsigned long persona) { return [=] { return call(SYS_personality, persona); }; };
  EXPECT_EQ(status_of({}, ask(READ_IMPLIES_EXEC)), EPERM);
  EXPECT_EQ(status_of(kFree, ask(READ_IMPLIES_EXEC)), 0) << "the control";
  EXPECT_EQ(status_of({}, ask(0xffffffff)), 0);
  EXPECT_EQ(status_of({}, ask(0)), 0);
  // The kernel reads the lower half alone.
  EXPECT_EQ(status_of({}, ask(1UL << 32 | READ_IMPLIES_EXEC)), EPERM);
}

TEST(SeccompFilter, NamespacesAreThoseNamed) {
  auto make = [](long flags) { return [=] { return call(SYS_unshare, flags); }; };
  auto clone = [](long flags) {
    return [=] {
      long child = ::syscall(SYS_clone, flags | SIGCHLD, 0L, 0L, 0L, 0L);
      if (child == 0) ::_exit(0);
      return child < 0 ? errno : 0;
    };
  };
  Kept kept = {.calls = {"@processes", "@sandbox"}};
  EXPECT_EQ(status_of(kept, make(CLONE_NEWUSER)), EPERM);
  EXPECT_EQ(status_of(kept, make(CLONE_NEWTIME)), EPERM);
  EXPECT_EQ(status_of(kept, make(CLONE_FS)), 0);
  EXPECT_EQ(status_of(kept, clone(CLONE_NEWUSER)), EPERM);
  EXPECT_EQ(status_of(kept, clone(0)), 0);
  auto hidden = [] { return call(SYS_clone3, nullptr, 0L); };
  EXPECT_EQ(status_of(kept, hidden), ENOSYS);
  EXPECT_EQ(status_of(kFree, hidden), EINVAL) << "the control";
  kept.namespaces = CLONE_NEWUSER;
  EXPECT_EQ(status_of(kept, clone(CLONE_NEWUSER)), status_of(kFree, clone(CLONE_NEWUSER)));
  EXPECT_EQ(status_of(kept, clone(CLONE_NEWUSER | CLONE_NEWNET)), EPERM);
}

TEST(SeccompFilter, SocketsAreOfTheNamedFamilies) {
  auto make = [](int family) { return [=] { return call(SYS_socket, family, SOCK_DGRAM, 0); }; };
  const Kept kept = {.calls = {"@sockets"}, .families = {AF_UNIX}};
  EXPECT_EQ(status_of(kept, make(AF_UNIX)), 0);
  EXPECT_EQ(status_of(kept, make(AF_INET)), EPERM);
  EXPECT_EQ(status_of(kFree, make(AF_INET)), 0) << "the control";
}

TEST(SeccompFilter, OtherArchitecturesNumbersEndTheProgram) {
  auto x32 = [] { return ::syscall(0x40000000 | 39) > 0 ? 0 : errno; };  // getpid
  EXPECT_EQ(status_of({}, x32), 128 + SIGSYS);
  EXPECT_NE(status_of(kFree, x32), 128 + SIGSYS) << "the control";
}

TEST(SeccompFilter, AServiceWithoutAListDoesNotStart) { EXPECT_FALSE(enter_seccomp(ServiceSandbox{})); }

}  // namespace
}  // namespace ashlar::image
