#include "init/unlocking.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sys/fake_kernel.h"

namespace ashlar {
namespace {

constexpr int kExited0 = 0;
constexpr int kExited1 = 1 << 8;
constexpr int kKilled = 9;

FakeKernel machine() {
  FakeKernel kernel;
  kernel.put("/usr/lib/ashlar/data", "");
  kernel.tpm_answer = from_hex("80020000001300000000000000000000010000").value();
  return kernel;
}

std::ptrdiff_t extended(const FakeKernel& kernel) {
  return std::ranges::count_if(
      kernel.calls, [](const std::string& call) { return call.starts_with("tpm 800200000041000001820000000f"); });
}

TEST(Unlocking, ClosesTheTpmHoweverTheProgramEnds) {
  for (int status : {kExited0, kExited1, kKilled}) {
    FakeKernel kernel = machine();
    Unlocking unlocking;
    ASSERT_TRUE(unlocking.begin(kernel));
    EXPECT_TRUE(kernel.did("start /usr/lib/ashlar/data data PATH="));
    EXPECT_EQ(extended(kernel), 0) << "while the program runs it can unseal";
    ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted + 1, kExited0)) << "somebody else's end";
    EXPECT_FALSE(unlocking.over());
    ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted, status));
    EXPECT_TRUE(unlocking.over());
    EXPECT_EQ(extended(kernel), 1);
    ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted, status)) << "a number used again";
    EXPECT_EQ(extended(kernel), 1);
    EXPECT_EQ(kernel.log.back(), status == kExited0 ? "ashlar: data=open" : "ashlar: data=closed");
  }
}

TEST(Unlocking, ClosesTheTpmWhereThereIsNoProgramOrItDoesNotStart) {
  FakeKernel none = machine();
  none.remove("/usr/lib/ashlar/data");
  FakeKernel refused = machine();
  refused.refuse("start", EACCES);
  for (FakeKernel* kernel : {&none, &refused}) {
    Unlocking unlocking;
    ASSERT_TRUE(unlocking.begin(*kernel));
    EXPECT_TRUE(unlocking.over());
    EXPECT_EQ(extended(*kernel), 1);
  }
}

TEST(Unlocking, ExtendsBySomethingThatSaysWhatItIs) {
  EXPECT_EQ(kUnlockingEnded, sha256("ashlar: unlocking has ended"));
}

TEST(Unlocking, AMachineWithoutATpmGoesOn) {
  FakeKernel kernel = machine();
  kernel.remove("/usr/lib/ashlar/data");
  kernel.tpm_answer.reset();
  Unlocking unlocking;
  EXPECT_TRUE(unlocking.begin(kernel));
}

TEST(Unlocking, ATpmThatDoesNotCloseStopsTheMachine) {
  FakeKernel refuses = machine();
  refuses.tpm_answer = from_hex("80010000000a00000922").value();
  FakeKernel gone = machine();
  gone.refuse("tpm", EIO);
  for (FakeKernel* kernel : {&refuses, &gone}) {
    kernel->remove("/usr/lib/ashlar/data");
    Unlocking unlocking;
    Status begun = unlocking.begin(*kernel);
    ASSERT_FALSE(begun);
    EXPECT_TRUE(begun.error().message().starts_with("close the TPM until the next start: ")) << begun.error().message();
  }
}

}  // namespace
}  // namespace ashlar
