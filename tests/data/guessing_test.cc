// Wrong passwords: the tries are counted down in words, the TPM locks itself, and waiting or the recovery key helps.
#include <gtest/gtest.h>

#include "data/prompt.h"
#include "data_machine.h"
#include "outsider.h"
#include "sys/tpm_authority.h"

namespace ashlar::test {
namespace {

#define ASSERT_OK(result) ASSERT_TRUE((result).has_value()) << (result).error().message()

constexpr unsigned kTries = 10;

TEST(Guessing, ElevenWrongPasswordsThenWaitingThenTheRightOne) {
  Result<Origin> made = origin();
  ASSERT_OK(made);
  Result<DataMachine> machine = DataMachine::like(*made, "guessing");
  ASSERT_OK(machine);
  Result<Asked> asked = machine->start();
  ASSERT_OK(asked);
  ASSERT_EQ(asked->label, kPasswordLabel) << asked->text();

  // No try: nothing, what is no UTF-8, and what cannot be typed into the field.
  ASSERT_OK(machine->console().answer(""));
  asked = machine->console().next_question(kBootLimit);
  ASSERT_OK(asked);
  EXPECT_TRUE(asked->says("Nothing was typed.")) << asked->text();

  const std::vector<std::string> guesses = {"wrong", "p\u00e4ssw\u00f6rter \u4f60\u597d", std::string(1024, 'x')};
  for (unsigned used = 1; used <= kTries; ++used) {
    SCOPED_TRACE(used);
    ASSERT_EQ(asked->label, kPasswordLabel) << asked->text();
    ASSERT_OK(machine->console().answer(used <= guesses.size() ? guesses[used - 1] : "guess " + std::to_string(used)));
    asked = machine->console().next_question(kBootLimit);
    ASSERT_OK(asked);
    if (used == kTries) break;
    unsigned left = kTries - used;
    std::string remark = "Wrong password. " + std::to_string(left) + (left == 1 ? " try left." : " tries left.");
    EXPECT_TRUE(asked->says(remark)) << asked->text();
  }
  // The eleventh is never asked for.
  ASSERT_EQ(asked->label, kRecoveryKeyLabel) << asked->text();
  EXPECT_TRUE(asked->says("The TPM is locked after too many wrong passwords.")) << asked->text();
  EXPECT_TRUE(asked->says("it gives one try back every 2 hours")) << asked->text();

  Result<Outsider> outsider = Outsider::with(made->disk());
  ASSERT_OK(outsider);
  Result<Tpm> tpm = machine->live_tpm();
  ASSERT_OK(tpm);
  Result<Secret> right = outsider->unseal(*tpm, kPassword);
  ASSERT_FALSE(right);
  EXPECT_EQ(right.error().kind<TpmFailure>(), TpmFailure::locked_out) << right.error().message();
  EXPECT_NE(right.error().message().find("0x00000921"), std::string::npos) << right.error().message();

  // Two hours in a few seconds, by who knows the lockout authorization.
  Result<UnlockedVolume> volume = outsider->recover(made->recovery_key);
  ASSERT_OK(volume);
  Result<TpmAuthorities> authorities = Outsider::authorities(*volume);
  ASSERT_OK(authorities);
  Result<TpmStorageKey> key = outsider->storage_key(*tpm);
  ASSERT_OK(key);
  ASSERT_OK(set_lockout_parameters(*tpm, *key, &authorities->lockout,
                                   {.tries = kTries, .recovery = std::chrono::seconds(4)}));
  for (int i = 0; i < 60 && lockout_state(*tpm).value().locked; ++i)
    std::this_thread::sleep_for(std::chrono::seconds(1));

  ASSERT_OK(machine->console().leave());
  asked = machine->console().next_question(kBootLimit);
  ASSERT_OK(asked);
  asked = machine->unlock_again(*asked);
  ASSERT_OK(asked);
  ASSERT_TRUE(asked->at_shell()) << asked->text();
  EXPECT_EQ(lockout_state(*tpm).value().used, 0U) << "a success clears the count";
}

}  // namespace
}  // namespace ashlar::test
