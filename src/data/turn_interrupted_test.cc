// Power cuts: what was begun is begun again or finished, and nothing that anybody has is lost.
#include <tss2/tss2_tpm2_types.h>

#include "data/turn_testing.h"
#include "sys/tpm_authority.h"

namespace ashlar::testing {
namespace {

class TurnInterruptedTest : public TurnTest {
 protected:
  void expect_cared_for_tpm() {
    Tpm tpm = power_tpm_on().value();
    LockoutState state = lockout_state(tpm).value();
    EXPECT_TRUE(state.owner_set && state.lockout_set);
    EXPECT_EQ(state.used, 0U);
  }
  static constexpr char kOld[] = "violin ticket marmalade orbit";
  static constexpr char kNew[] = "another lantern cheese puzzle";
};

TEST_F(TurnInterruptedTest, FirstBootAtEachStepOfTheDisk) {
  std::size_t all = 100;
  for (std::size_t step = 1; step <= all; ++step) {
    for (bool cut : {true, false}) {
      SCOPED_TRACE(std::to_string(step) + (cut ? " cut" : " fails"));
      storage_.restart();
      storage_.state = PartitionState::absent;
      machine_ = std::make_unique<TestTpm>();
      prepare(cut ? 0 : step, cut ? step : 0);
      Result<TurnEnd> end = boot();
      if (all == 100 && !cut && end && *end == TurnEnd::open) all = step;  // it has fewer steps
      if (storage_.state != PartitionState::complete) set_up();
      expect_open();
      expect_cared_for_tpm();
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(all, 8U);
}

// Cut after each command that changes something in the TPM: between two of them nothing differs.
TEST_F(TurnInterruptedTest, FirstBootAtEachStepOfTheTpm) {
  for (std::uint32_t command :
       {TPM2_CC_CreatePrimary, TPM2_CC_EvictControl, TPM2_CC_DictionaryAttackParameters, TPM2_CC_NV_DefineSpace,
        TPM2_CC_NV_SetBits, TPM2_CC_Create, TPM2_CC_HierarchyChangeAuth, TPM2_CC_Shutdown}) {
    SCOPED_TRACE(to_hex(bytes_of(Be32(command))));
    storage_.restart();
    storage_.state = PartitionState::absent;
    machine_ = std::make_unique<TestTpm>();
    bool cut = false;
    machine_->wire().meddle = [&](const Bytes& sent, Bytes& answer) {
      cut = cut || tpm_command_code(sent) == command;
      if (cut) answer.clear();
    };
    ASSERT_TRUE(boot());
    EXPECT_TRUE(cut);
    machine_->wire().meddle = nullptr;
    if (storage_.state != PartitionState::complete) set_up();
    expect_open();
    expect_cared_for_tpm();
    if (HasFatalFailure()) return;
  }
}

TEST_F(TurnInterruptedTest, ATpmThatStopsInSetUpIsTriedAgain) {
  bool cut = false;
  machine_->wire().meddle = [&](const Bytes& sent, Bytes& answer) {
    if (!cut && tpm_command_code(sent) == TPM2_CC_NV_DefineSpace) {
      cut = true;
      answer.clear();
    }
  };
  person_.wishes = {"Set up this machine", "English (US)", "Try again"};
  set_up();
  EXPECT_TRUE(person_.saw("The TPM stopped answering in the middle.")) << person_.story();
  EXPECT_EQ(person_.times_asked(kNewPasswordLabel), 1) << "what was typed is kept";
  expect_open();
}

TEST_F(TurnInterruptedTest, ATpmWithoutRoomSaysSo) {
  machine_->wire().intercept = [](const Bytes& command) -> std::optional<Bytes> {
    if (tpm_command_code(command) != TPM2_CC_NV_DefineSpace) return std::nullopt;
    return tpm_answer(TPM2_RC_NV_SPACE);
  };
  expect_end(TurnEnd::restart);
  EXPECT_TRUE(person_.saw("The TPM has no room left")) << person_.story();
  EXPECT_EQ(storage_.state, PartitionState::absent);
  machine_->wire().intercept = nullptr;
  set_up();
}

// At every moment something was made sure of on the disk.
TEST_F(TurnInterruptedTest, APasswordChangeLeavesTheOldOneOrTheNewOne) {
  set_up();
  ASSERT_TRUE(enqueue(storage_.root(), ChangePassword{1}));
  person_.wishes = {"Choose a new password"};
  person_.new_password = kNew;
  boot_with_snapshots();
  ASSERT_GT(snapshots_.size(), 8U);
  bool opened_by_old = false;
  bool opened_by_new = false;
  for (const fs::path& snapshot : snapshots_) {
    SCOPED_TRACE(snapshot.filename());
    put_back(snapshot);
    person_.passwords = {kOld, kNew};
    person_.wishes = {"Never"};
    expect_open();
    if (HasFatalFailure()) return;
    bool by_old = !person_.passwords.empty();
    (by_old ? opened_by_old : opened_by_new) = true;
    EXPECT_EQ(Homes(storage_).get(1).value().wraps.size(), 1U);
    person_.passwords = {by_old ? kOld : kNew};
    expect_open();
    EXPECT_EQ(person_.times_asked(kPasswordLabel), 1) << person_.story();
  }
  EXPECT_TRUE(opened_by_old && opened_by_new);
}

TEST_F(TurnInterruptedTest, ReSealingLeavesThePasswordOrTheRecoveryKey) {
  set_up();
  firmware_[0] = "firmware after an update";
  person_.wishes = {"Type my password"};
  boot_with_snapshots();
  ASSERT_GT(snapshots_.size(), 5U);
  std::size_t sealed = 0;
  for (const fs::path& snapshot : snapshots_) {
    SCOPED_TRACE(snapshot.filename());
    put_back(snapshot);
    person_.wishes = {"Type my password"};
    expect_open();
    if (HasFatalFailure()) return;
    sealed += person_.times_asked(kRecoveryKeyLabel) == 0 ? 1 : 0;
    expect_open();
    EXPECT_EQ(person_.times_asked(kRecoveryKeyLabel), 0) << person_.story();
  }
  EXPECT_GT(sealed, 0U);
  EXPECT_LT(sealed, snapshots_.size());
}

TEST_F(TurnInterruptedTest, ANewUserIsThereWhollyOrAskedForAgain) {
  set_up();
  ASSERT_TRUE(enqueue(storage_.root(), AddUser{"Berta"}));
  person_.wishes = {"Add Berta"};
  person_.new_password = kNew;
  boot_with_snapshots();
  ASSERT_GT(snapshots_.size(), 5U);
  for (const fs::path& snapshot : snapshots_) {
    SCOPED_TRACE(snapshot.filename());
    put_back(snapshot);
    person_.wishes = {"User 1", "Add Berta"};
    person_.passwords = {kOld};
    expect_open();
    if (HasFatalFailure()) return;
    person_.wishes = {"User 2"};
    person_.passwords = {kNew};
    expect_open(2);
  }
}

}  // namespace
}  // namespace ashlar::testing
