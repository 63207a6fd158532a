// A TPM that stops in the middle, or answers nonsense.
#include <gtest/gtest.h>

#include "data/prompt.h"
#include "dialogue.h"

namespace ashlar::test {
namespace {

constexpr std::uint32_t kUnseal = 0x15e;  // TPM_CC_Unseal

class TpmTrouble : public Dialogue {
 protected:
  void SetUp() override {
    Result<Origin> made = origin();
    ASSERT_OK(made);
    talk_with(DataMachine::like(*made, "trouble-" + name_of_test()));
    start();
    ASSERT_EQ(asked_->label, kPasswordLabel) << asked_->text();
  }

  void meddle(std::function<void(const Bytes&, Bytes&)> with) {
    machine_->machine().tpm_tap().wire([&](TpmWire& wire) { wire.meddle = std::move(with); });
  }
};

TEST_F(TpmTrouble, NonsenseInTheMiddleIsToldAndTriedAgain) {
  unsigned spoilt = 0;
  meddle([&](const Bytes& command, Bytes& got) {
    // The first answer may be TPM_RC_RETRY, which has no content.
    if (tpm_command_code(command) != kUnseal || got.size() == kTpmHeader || spoilt++ > 0) return;
    for (std::size_t i = kTpmHeader; i < got.size(); ++i) got[i] ^= 0x55;
  });
  answer(kPassword);
  EXPECT_GT(spoilt, 0U) << "the control: an answer was spoilt";
  EXPECT_TRUE(asked_->says("The TPM stopped answering in the middle.")) << asked_->text();
  EXPECT_TRUE(asked_->says("Nothing is lost.")) << asked_->text();
  choose("Try again");
  ASSERT_EQ(asked_->label, kPasswordLabel) << asked_->text();
  answer(kPassword);
  EXPECT_TRUE(asked_->at_shell()) << asked_->text();
}

// From then on the machine has a TPM that answers nothing. PCR 15 cannot be extended either: PID 1 stops the machine.
TEST_F(TpmTrouble, CutOffInTheMiddleOpensNothingAndLosesNothing) {
  meddle([](const Bytes& command, Bytes& got) {
    if (tpm_command_code(command) == kUnseal) got.clear();
  });
  answer(kPassword);
  EXPECT_TRUE(asked_->says("The TPM stopped answering in the middle.")) << asked_->text();
  ASSERT_OK(machine_->console().choose(*asked_, "Turn off"));
  Result<std::string> stopped = machine_->machine().wait_for_line("close the TPM until the next start", kBootLimit);
  EXPECT_TRUE(stopped) << stopped.error().message();
  ASSERT_OK(machine_->cut_power());
  asked_ = machine_->unlock();
  ASSERT_OK(asked_);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  Result<std::string> said = machine_->console().run(std::string("cat ") + kHomeFile);
  ASSERT_OK(said);
  EXPECT_NE(said->find(kContent), std::string::npos) << *said;
}

}  // namespace
}  // namespace ashlar::test
