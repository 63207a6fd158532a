// The turn of a boot in a machine's ordinary life: first boot, every day, forgotten and wrong passwords.
#include "data/luks2_metadata.h"
#include "data/turn_testing.h"
#include "sys/tpm_authority.h"

namespace ashlar::testing {
namespace {

TEST_F(TurnTest, SetsUpOnceAndOpensEveryDay) {
  set_up();
  EXPECT_EQ(session(), "{\"keyboard\":\"us\",\"name\":\"Anna\",\"tpm\":true,\"user\":\"u1\"}\n");
  EXPECT_EQ(owner(), "u1 us -\n");
  for (int day = 0; day < 3; ++day) {
    expect_open();
    EXPECT_EQ(person_.times_asked(kPasswordLabel), 1) << person_.story();
    EXPECT_EQ(person_.times_asked(kRecoveryKeyLabel), 0);
    EXPECT_EQ(person_.seen.front(), "layout us");
    EXPECT_EQ(log(), "");
  }
}

TEST_F(TurnTest, GoesOnWithoutDataOrLeavesWhenAsked) {
  for (const auto& [wish, end] :
       std::vector<std::pair<std::string, TurnEnd>>{{"Start without /data this time", TurnEnd::skipped},
                                                    {"Restart", TurnEnd::restart},
                                                    {"Turn off", TurnEnd::off}}) {
    person_.wishes = {wish};
    expect_end(end);
    EXPECT_EQ(storage_.state, PartitionState::absent);
  }
  set_up();
  for (const auto& [wish, end] :
       std::vector<std::pair<std::string, TurnEnd>>{{"Restart", TurnEnd::restart}, {"Turn off", TurnEnd::off}}) {
    person_.passwords = {std::nullopt};
    person_.wishes = {wish};
    expect_end(end);
    EXPECT_FALSE(storage_.is_active());
  }
}

TEST_F(TurnTest, RemembersTheKeyboard) {
  person_.wishes = {"Set up this machine", "German"};
  set_up();
  expect_open();
  EXPECT_EQ(person_.seen.front(), "layout de(nodeadkeys)");
  EXPECT_NE(session().find("\"keyboard\":\"de(nodeadkeys)\""), std::string::npos);
  EXPECT_EQ(owner(), "u1 de nodeadkeys\n");
}

TEST_F(TurnTest, AsksForAGoodPasswordAndForTheSameTwice) {
  person_.new_passwords = {"", "sunshine", "violin ticket marmalade orbit"};
  person_.agains = {"violin ticket marmelade orbit"};
  set_up();
  EXPECT_TRUE(person_.saw("A password, please.")) << person_.story();
  EXPECT_TRUE(person_.saw("Too easy to guess. It is made of a common word.")) << person_.story();
  EXPECT_TRUE(person_.saw("Strength: very good")) << person_.story();
  EXPECT_TRUE(person_.saw("The two were not the same.")) << person_.story();
  EXPECT_EQ(person_.times_asked(kNewPasswordLabel), 4);
}

TEST_F(TurnTest, WantsTheRecoveryKeyTypedBack) {
  person_.recovery_keys = {"", "22222", std::nullopt};  // Esc shows it again
  set_up();
  EXPECT_TRUE(person_.saw("The recovery key is not whole")) << person_.story();
  EXPECT_EQ(std::ranges::count(person_.seen, "Write down the recovery key / choose What to do: I have written it down"),
            2);
}

TEST_F(TurnTest, CountsWrongPasswordsAndForgetsThemAfterTheRightOne) {
  set_up();
  person_.passwords = {"", "wrong", "wrong too"};
  expect_open();
  EXPECT_TRUE(person_.saw("Nothing was typed.")) << person_.story();
  EXPECT_TRUE(person_.saw("Wrong password. 9 tries left.")) << person_.story();
  EXPECT_TRUE(person_.saw("Wrong password. 8 tries left.")) << person_.story();
  Tpm tpm = power_tpm_on().value();
  LockoutState state = lockout_state(tpm).value();
  EXPECT_EQ(state.used, 0U);
  EXPECT_EQ(state.allowed, 10U);
  EXPECT_TRUE(state.owner_set);
  EXPECT_TRUE(state.lockout_set);
}

TEST_F(TurnTest, TakesAnyPasswordAPromptCanTake) {
  std::string longest = person_.new_password + std::string(1024 - person_.new_password.size(), 'x');
  person_.password = person_.new_password = longest;
  set_up();
  person_.passwords = {longest.substr(1), "Grüße", std::string("a\0b", 3)};
  expect_open();
  EXPECT_TRUE(person_.saw("7 tries left.")) << person_.story();
}

TEST_F(TurnTest, AForgottenPasswordIsReplacedWithTheRecoveryKeyAndTheHomeStays) {
  set_up();
  HomeKeyId home = Homes(storage_).get(1).value().home;
  person_.passwords = {std::nullopt};
  person_.recovery_keys = {std::string(77, '2')};  // well-formed it is not
  person_.wishes = {"Use the recovery key", "I forgot it: choose a new password"};
  person_.new_password = "another lantern cheese puzzle";
  expect_open();
  EXPECT_TRUE(person_.saw("The recovery key has a typing error in group")) << person_.story();
  EXPECT_EQ(Homes(storage_).get(1).value().home, home);
  person_.passwords = {"violin ticket marmalade orbit", "another lantern cheese puzzle"};
  expect_open();
  EXPECT_TRUE(person_.saw("Wrong password. 9 tries left.")) << person_.story();
  EXPECT_EQ(Homes(storage_).get(1).value().wraps.size(), 1U);
}

TEST_F(TurnTest, TheRecoveryKeyOpensWithoutChangingAnything) {
  set_up();
  person_.passwords = {std::nullopt};
  person_.wishes = {"Use the recovery key", "Not now"};
  expect_end(TurnEnd::open);
  EXPECT_TRUE(storage_.is_mounted());
  EXPECT_FALSE(storage_.is_open(Homes(storage_).get(1).value().home));
  EXPECT_EQ(session(), "{\"keyboard\":\"us\",\"name\":null,\"tpm\":true,\"user\":null}\n");
  EXPECT_EQ(owner(), "- us -\n") << "no session";
  person_.passwords = {std::nullopt, "not the password"};
  person_.wishes = {"Use the recovery key", "Type my password"};
  expect_open();
  EXPECT_TRUE(person_.saw("/ ask Password / Wrong password.")) << person_.story();
  expect_open();
}

TEST_F(TurnTest, AMachineWithoutATpmSaysWhatIsLostAndWorks) {
  machine_ = nullptr;
  person_.wishes = {"Set up this machine", "Look again", "Set up without a TPM"};
  person_.new_passwords = {"Tz4#kq9!"};  // enough with a TPM
  set_up();
  EXPECT_TRUE(person_.saw("Without one the password alone protects /data")) << person_.story();
  EXPECT_TRUE(person_.saw("Too easy to guess.")) << person_.story();
  EXPECT_NE(session().find("\"tpm\":false"), std::string::npos);
  person_.passwords = {"wrong"};
  expect_open();
  EXPECT_TRUE(person_.saw("/ ask Password / Wrong password.")) << person_.story();
  machine_ = std::make_unique<TestTpm>();  // found later: the mark is permanent
  expect_open();
  EXPECT_NE(session().find("\"tpm\":false"), std::string::npos);
}

TEST_F(TurnTest, ATpmThatIsSomebodyElsesIsLeftAlone) {
  {
    Tpm tpm = power_tpm_on().value();
    TpmName name = TpmStorageKey::establish(tpm, nullptr).value();
    TpmStorageKey key = TpmStorageKey::open(tpm, name).value();
    ASSERT_TRUE(change_authorization(tpm, key, TpmAuthority::owner, nullptr, random_secret(32).value()));
  }
  person_.wishes = {"Set up this machine", "Try again"};
  expect_end(TurnEnd::restart);
  EXPECT_TRUE(person_.saw("This TPM belongs to another system.")) << person_.story();
  EXPECT_EQ(storage_.state, PartitionState::absent);
  machine_->clear();
  set_up();
}

}  // namespace
}  // namespace ashlar::testing
