#include "init/unlocking.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sys/fake_kernel.h"

namespace ashlar {
namespace {

constexpr int kExited0 = 0;
constexpr int kExited1 = 1 << 8;
constexpr int kKilled = 9;
constexpr int exited(int status) { return status << 8; }

FakeKernel machine() {
  FakeKernel kernel;
  kernel.put("/usr/lib/ashlar/data", "");
  kernel.put(kSessionOwnerFile, "u2 de nodeadkeys\n");
  kernel.tpm_answer = from_hex("80020000001300000000000000000000010000").value();
  return kernel;
}

std::ptrdiff_t extended(const FakeKernel& kernel) {
  return std::ranges::count_if(
      kernel.calls, [](const std::string& call) { return call.starts_with("tpm 800200000041000001820000000f"); });
}

// TPM2_Shutdown(CLEAR) comes last of what the TPM hears: the extension undoes an earlier one.
bool shut_down_after_extending(const FakeKernel& kernel) {
  std::vector<std::string> commands;
  std::ranges::copy_if(kernel.calls, std::back_inserter(commands),
                       [](const std::string& call) { return call.starts_with("tpm "); });
  return commands.size() == 2 && commands[1] == "tpm 80010000000c000001450000";
}

TEST(Unlocking, ClosesTheTpmHoweverTheProgramEnds) {
  for (int status : {kExited0, kExited1, kKilled}) {
    FakeKernel kernel = machine();
    Unlocking unlocking({});
    ASSERT_TRUE(unlocking.begin(kernel));
    EXPECT_TRUE(kernel.did("start /usr/lib/ashlar/data data PATH="));
    EXPECT_EQ(extended(kernel), 0) << "while the program runs it can unseal";
    ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted + 1, kExited0)) << "somebody else's end";
    EXPECT_FALSE(unlocking.over());
    ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted, status));
    EXPECT_TRUE(unlocking.over());
    EXPECT_EQ(extended(kernel), 1);
    EXPECT_TRUE(shut_down_after_extending(kernel));
    EXPECT_FALSE(unlocking.wanted());
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
    Unlocking unlocking({});
    ASSERT_TRUE(unlocking.begin(*kernel));
    EXPECT_TRUE(unlocking.over());
    EXPECT_EQ(extended(*kernel), 1);
  }
}

TEST(Unlocking, DoesWhatThePersonAtThePromptWants) {
  for (const auto& [status, wanted] : std::vector<std::pair<int, PowerState>>{
           {exited(kWantsRestart), PowerState::restart}, {exited(kWantsOff), PowerState::off}}) {
    FakeKernel kernel = machine();
    Unlocking unlocking({});
    ASSERT_TRUE(unlocking.begin(kernel));
    EXPECT_FALSE(unlocking.wanted());
    ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted, status));
    EXPECT_EQ(unlocking.wanted(), wanted);
    EXPECT_FALSE(unlocking.admits());
    EXPECT_EQ(extended(kernel), 1);
    EXPECT_EQ(kernel.log.back(), "ashlar: data=closed");
    EXPECT_TRUE(kernel.pages.empty());
  }
}

TEST(Unlocking, ShowsTheReadyPageAgainWithALineAboutData) {
  for (const auto& [status, log, words] : std::vector<std::tuple<int, std::string, std::string>>{
           {kExited0, "ashlar: data=open", "open"},
           {kExited1, "ashlar: data=closed", "not open: restart the machine to try again"},
           {kKilled, "ashlar: data=closed", "not open: restart the machine to try again"},
           {exited(kWithoutData), "ashlar: data=skipped", "not set up: nothing is kept in this start"}}) {
    FakeKernel kernel = machine();
    Unlocking unlocking({});
    ASSERT_TRUE(unlocking.begin(kernel));
    ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted, status));
    EXPECT_EQ(kernel.log.at(0), log);
    ASSERT_EQ(kernel.pages.size(), 1U);
    EXPECT_EQ(kernel.pages[0].heading, "Ready");
    EXPECT_EQ(kernel.pages[0].lines.back().label, "/data");
    EXPECT_EQ(kernel.pages[0].lines.back().text.at(0), words);
    EXPECT_EQ(unlocking.admits(), log != "ashlar: data=closed") << "a session past a /data that did not open";
  }
}

TEST(Unlocking, MarksTheBootGoodOnceDataIsOpen) {
  for (int status : {kExited0, kExited1, exited(kWithoutData)}) {
    FakeKernel kernel = machine();
    Unlocking unlocking({});
    ASSERT_TRUE(unlocking.begin(kernel));
    ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted, status));
    ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted, status)) << "its own end is nobody's turn";
    EXPECT_EQ(std::ranges::count_if(kernel.calls,
                                    [](const std::string& call) {
                                      return call.starts_with("start /usr/lib/ashlar/data data boot-good");
                                    }),
              status == kExited0 ? 1 : 0);
  }
}

TEST(Unlocking, TellsWhoseSessionItIs) {
  auto owner = [](int status, const char* file) {
    FakeKernel kernel = machine();
    kernel.put(kSessionOwnerFile, file);
    Unlocking unlocking({});
    EXPECT_TRUE(unlocking.begin(kernel));
    EXPECT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted, status));
    return unlocking.session_owner();
  };
  EXPECT_EQ(owner(kExited0, "u2 de nodeadkeys\n"), (SessionOwner{.user = 2, .layout = "de", .variant = "nodeadkeys"}));
  EXPECT_EQ(owner(kExited0, "- us -\n").user, 0U) << "the recovery key opens no session";
  EXPECT_EQ(owner(kExited0, "u2 de nodeadkeys\nu1").user, 0U) << "what cannot be read is nobody's";
  SessionOwner without = owner(exited(kWithoutData), "u2 de nodeadkeys\n");
  EXPECT_EQ(without.user, 1U);
  EXPECT_FALSE(without.home_on_data);
}

TEST(Unlocking, SaysThatWithoutAHomeThereIsNoSession) {
  FakeKernel kernel = machine();
  kernel.put(kSessionOwnerFile, "- us -\n");
  Unlocking unlocking({});
  ASSERT_TRUE(unlocking.begin(kernel));
  ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted, kExited0));
  EXPECT_EQ(kernel.pages.at(0).lines.back().text.at(0),
            "open, and nobody's home is: restart the machine and type a password");
  EXPECT_TRUE(unlocking.admits()) << "services without a person start";
}

TEST(Unlocking, AShutdownTheTpmRefusesIsSaidAndStopsNothing) {
  FakeKernel kernel = machine();
  kernel.refuse("tpm 80010000000c", EIO);
  Unlocking unlocking({});
  ASSERT_TRUE(unlocking.begin(kernel));
  ASSERT_TRUE(unlocking.has_ended(kernel, FakeKernel::kStarted, kExited0));
  EXPECT_EQ(kernel.log.at(0), "ashlar: TPM2_Shutdown: tpm 80010000000c000001450000: Input/output error");
  EXPECT_EQ(kernel.log.at(1), "ashlar: data=open");
}

TEST(Unlocking, ExtendsBySomethingThatSaysWhatItIs) {
  EXPECT_EQ(kUnlockingEnded, sha256("ashlar: unlocking has ended"));
}

TEST(Unlocking, AMachineWithoutATpmGoesOn) {
  FakeKernel kernel = machine();
  kernel.remove("/usr/lib/ashlar/data");
  kernel.tpm_answer.reset();
  Unlocking unlocking({});
  EXPECT_TRUE(unlocking.begin(kernel));
}

TEST(Unlocking, ATpmThatDoesNotCloseStopsTheMachine) {
  FakeKernel refuses = machine();
  refuses.tpm_answer = from_hex("80010000000a00000922").value();
  FakeKernel gone = machine();
  gone.refuse("tpm", EIO);
  for (FakeKernel* kernel : {&refuses, &gone}) {
    kernel->remove("/usr/lib/ashlar/data");
    Unlocking unlocking({});
    Status begun = unlocking.begin(*kernel);
    ASSERT_FALSE(begun);
    EXPECT_TRUE(begun.error().message().starts_with("close the TPM until the next start: ")) << begun.error().message();
  }
}

}  // namespace
}  // namespace ashlar
