// The wire between processor and TPM: listened to, meddled with, cut; and a TPM that is busy or loses its power.
#include "sys/tpm_machine.h"

namespace ashlar {
namespace {

using namespace tpm_testing;

// What sits on the bus answers with the right name, which it saw before, and a key of its own.
TEST_F(TpmTest, AnotherKeyUnderThePinnedNameIsRefused) {
  set_up();
  boot();  // libtss2 has seen nothing yet
  int asked = 0;
  int lie_from = 0;
  machine_.wire().meddle = [&](const Bytes& command, Bytes& answer) {
    if (tpm_command_code(command) != TPM2_CC_ReadPublic) return;
    if (++asked < lie_from) return;
    answer[10 + 2 + 60] ^= 1;  // in the point
  };
  for (lie_from = 1; lie_from <= 2; ++lie_from) {  // always; only when we do not look at the answer ourselves
    asked = 0;
    Result<TpmStorageKey> key = TpmStorageKey::open(*tpm_, pinned_);
    ASSERT_FALSE(key) << lie_from;
    boot();
  }
  lie_from = 0;
  machine_.wire().meddle = [&](const Bytes& command, Bytes& answer) {
    if (tpm_command_code(command) == TPM2_CC_ReadPublic && asked++ == 0) answer[10 + 2 + 60] ^= 1;
  };
  asked = 0;  // only the answer that libtss2 keeps
  Result<TpmStorageKey> key = TpmStorageKey::open(*tpm_, pinned_);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().kind<TpmFailure>(), TpmFailure::interrupted) << key.error().message();
  machine_.wire().meddle = nullptr;
  boot();
  EXPECT_TRUE(TpmStorageKey::open(*tpm_, pinned_));
}

TEST_F(TpmTest, NothingSecretPassesTheBus) {
  set_up();
  TpmStorageKey key = open_key();
  ASSERT_TRUE(change_authorization(*tpm_, key, TpmAuthority::owner, nullptr, secret_of(0x33)));
  ASSERT_TRUE(change_authorization(*tpm_, key, TpmAuthority::lockout, nullptr, secret_of(0x77)));
  ASSERT_TRUE(reset_lockout(*tpm_, key, secret_of(0x77)));
  expect_unseals();
  for (std::uint8_t value : {0x5e, 0xa5, 0x33, 0x77}) {
    EXPECT_FALSE(machine_.wire().carried(Bytes(8, value))) << int{value};
  }
  // The control: what is not secret can be found, and so would be what is.
  EXPECT_TRUE(machine_.wire().carried(sha256(std::string_view("image")).bytes));
  EXPECT_TRUE(machine_.wire().carried(data_policy().bytes));
}

TEST_F(TpmTest, AnAlteredAnswerIsNoticed) {
  set_up();
  machine_.wire().meddle = [](const Bytes& command, Bytes& answer) {
    // swtpm first says "retry": it notes in its memory that a protected object is in use.
    if (tpm_command_code(command) == TPM2_CC_Unseal && answer.size() > 16) answer[16] ^= 1;
  };
  Result<Secret> secret = try_unseal();
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().kind<TpmFailure>(), TpmFailure::interrupted) << secret.error().message();
  machine_.wire().meddle = nullptr;
  boot();
  expect_unseals();
}

TEST_F(TpmTest, AWireCutAnywhereIsAnErrorAndNothingIsLost) {
  set_up();
  ASSERT_TRUE(set_lockout_parameters(*tpm_, open_key(), nullptr, {.tries = 100}));  // each cut may cost one
  std::size_t before = machine_.wire().answers.size();
  expect_unseals();
  std::size_t commands = machine_.wire().answers.size() - before;
  ASSERT_GT(commands, 10U);
  // The test's own look at the PCRs, for the signature, is before the first of these.
  UnsealSteps prepared = steps();
  for (std::size_t at = 0; at + 6 < commands; at += 2) {
    std::size_t passed = 0;
    machine_.wire().meddle = [&](const Bytes&, Bytes& answer) {
      if (passed++ == at) answer.clear();
    };
    Result<Secret> secret = try_unseal(auth_, prepared);
    ASSERT_FALSE(secret) << at;
    EXPECT_EQ(secret.error().kind<TpmFailure>(), TpmFailure::interrupted) << at << ": " << secret.error().message();
    machine_.wire().meddle = nullptr;
    boot();
  }
  expect_unseals();
}

TEST_F(TpmTest, ATpmThatIsBusyIsAskedAgain) {
  set_up();
  int refusals = 0;
  machine_.wire().intercept = [&](const Bytes& command) -> std::optional<Bytes> {
    if (tpm_command_code(command) != TPM2_CC_Unseal || refusals == 8) return std::nullopt;
    ++refusals;
    return tpm_answer(refusals % 2 == 0 ? TPM2_RC_RETRY : TPM2_RC_TESTING);
  };
  expect_unseals();
  EXPECT_EQ(refusals, 8);

  machine_.wire().intercept = [](const Bytes& command) -> std::optional<Bytes> {  // and never gets ready
    if (tpm_command_code(command) != TPM2_CC_Unseal) return std::nullopt;
    return tpm_answer(TPM2_RC_RETRY);
  };
  EXPECT_FALSE(try_unseal());
  machine_.wire().intercept = nullptr;
  expect_unseals();
}

// What a power cut after an unlock costs depends on what came last. The count is that of the boot after it.
TEST_F(TpmTest, APowerCutCostsATryUnlessTheTpmWasShutDown) {
  set_up();
  Secret lockout = secret_of(0x77);
  ASSERT_TRUE(set_lockout_parameters(*tpm_, open_key(), nullptr, {.tries = 20}));
  ASSERT_TRUE(change_authorization(*tpm_, open_key(), TpmAuthority::lockout, nullptr, lockout));
  auto used_after = [&](const std::function<void()>& last) {
    boot();
    expect_unseals();
    EXPECT_TRUE(reset_lockout(*tpm_, open_key(), lockout));
    EXPECT_EQ(tries_used(), 0U);
    last();
    boot();
    return tries_used();
  };
  auto extend = [&] { ASSERT_TRUE(tpm_->extend_pcr(15, sha256(std::string_view("ended")))); };
  auto shut_down = [&] { ASSERT_TRUE(tpm_->shutdown()); };
  EXPECT_EQ(used_after([] {}), 1U);  // the control: the TPM cannot know that nobody guessed
  EXPECT_EQ(used_after(extend), 1U);
  EXPECT_EQ(used_after(shut_down), 0U);
  EXPECT_EQ(used_after([&] { extend(), shut_down(); }), 0U);
  EXPECT_EQ(used_after([&] { shut_down(), extend(); }), 0U);  // as PID 1 closes the door after the program has ended
}

}  // namespace
}  // namespace ashlar
