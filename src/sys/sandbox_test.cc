#include "sys/sandbox.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ashlar {
namespace {

enum class Kept { in, out };

// How a process ends that calls `attempt` and exits with what that returns; 99 when it could not be kept in.
template <typename Attempt>
int status_of(Kept kept, Attempt attempt) {
  pid_t child = ::fork();
  if (child == 0) {
    if (kept == Kept::in && (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !forbid_system_calls())) ::_exit(99);
    ::_exit(attempt());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// errno of a mapping with these protections, or of making a plain one so.
int map(int protection) {
  void* memory = ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? errno : 0;
}
int change(int protection) {
  void* memory = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return ::mprotect(memory, 4096, protection) == 0 ? 0 : errno;
}

TEST(ForbidSystemCalls, NoMemoryIsWritableAndExecutable) {
  constexpr int kBoth = PROT_READ | PROT_WRITE | PROT_EXEC;
  for (auto ask : {map, change}) {
    EXPECT_EQ(status_of(Kept::in, [&] { return ask(kBoth); }), EPERM);
    EXPECT_EQ(status_of(Kept::out, [&] { return ask(kBoth); }), 0) << "the control";
    EXPECT_EQ(status_of(Kept::in, [&] { return ask(PROT_READ | PROT_WRITE); }), 0);
    EXPECT_EQ(status_of(Kept::in, [&] { return ask(PROT_READ | PROT_EXEC); }), 0);
  }
}

TEST(ForbidSystemCalls, PersonalityStaysAsItIs) {
  auto ask = [] { return ::personality(READ_IMPLIES_EXEC) >= 0 ? 0 : errno; };
  EXPECT_EQ(status_of(Kept::in, ask), EPERM);
  EXPECT_EQ(status_of(Kept::out, ask), 0) << "the control";
}

TEST(ForbidSystemCalls, OtherArchitecturesNumbersEndTheProgram) {
  auto x32 = [] { return ::syscall(0x40000000 | 39) > 0 ? 0 : errno; };  // getpid
  EXPECT_EQ(status_of(Kept::in, x32), 128 + SIGSYS);
  EXPECT_NE(status_of(Kept::out, x32), 128 + SIGSYS) << "the control";
}

}  // namespace
}  // namespace ashlar
