// What the prompt says when /data does not open, and the ways back.
#include "base/subprocess.h"
#include "data/data_header.h"
#include "data/owner_policies.h"
#include "data/turn_testing.h"
#include "sys/tpm_authority.h"

namespace ashlar::testing {
namespace {

class TurnRefusedTest : public TurnTest {
 protected:
  // The recovery key is asked for before any password, with these words; afterwards the password opens again.
  void expect_refused_then_sealed_anew(const std::vector<std::string>& words) {
    person_.wishes = {"Type my password"};
    expect_open();
    expect_said_before_a_password(words);
    expect_open();
    EXPECT_EQ(person_.times_asked(kRecoveryKeyLabel), 0) << person_.story();
  }
  void expect_said_before_a_password(const std::vector<std::string>& words) {
    auto asked = [&](const char* label) {
      return std::ranges::find_if(person_.seen, [&](const std::string& line) {
        return line.find("/ ask " + std::string(label)) != std::string::npos;
      });
    };
    EXPECT_LT(asked(kRecoveryKeyLabel), asked(kPasswordLabel)) << person_.story();
    for (const std::string& word : words) EXPECT_TRUE(person_.saw(word)) << word << "\n" << person_.story();
  }
  [[nodiscard]] Bytes partition() const { return read_file(storage_.device()).value(); }
};

TEST_F(TurnRefusedTest, ChangedFirmwareIsNamedAndEnrolledWithTheRecoveryKey) {
  set_up();
  firmware_[0] = "firmware after an update";
  expect_refused_then_sealed_anew({"PCR 0: the firmware itself"});
  firmware_[7] = "another db";
  firmware_[2] = "another card";
  expect_refused_then_sealed_anew({"PCR 2: the firmware of cards", "PCR 7: Secure Boot"});
  firmware_[0] = "firmware";
  person_.wishes = {"Not now"};
  expect_end(TurnEnd::open);
  expect_said_before_a_password({"PCR 0"});
}

TEST_F(TurnRefusedTest, AClearedTpmIsSetUpAgain) {
  set_up();
  machine_->clear();
  expect_refused_then_sealed_anew({"it was cleared, or the disk is in another machine"});
  Tpm tpm = power_tpm_on().value();
  EXPECT_TRUE(lockout_state(tpm).value().owner_set);
}

TEST_F(TurnRefusedTest, AMovedDiskOpensWithTheRecoveryKeyAlone) {
  set_up();
  auto home = std::exchange(machine_, std::make_unique<TestTpm>());
  {
    // Set up for another disk.
    Tpm tpm = power_tpm_on().value();
    TpmName name = TpmStorageKey::establish(tpm, nullptr).value();
    TpmStorageKey key = TpmStorageKey::open(tpm, name).value();
    ASSERT_TRUE(change_authorization(tpm, key, TpmAuthority::owner, nullptr, random_secret(32).value()));
    ASSERT_TRUE(change_authorization(tpm, key, TpmAuthority::lockout, nullptr, random_secret(32).value()));
  }
  person_.wishes = {"Type my password", "Go on", "Not now"};
  expect_end(TurnEnd::open);
  expect_said_before_a_password({"the disk is in another machine", "This TPM belongs to another system"});
  machine_ = std::move(home);
  expect_open();
}

TEST_F(TurnRefusedTest, AMachineThatLostItsTpmCanDoWithout) {
  set_up();
  auto lost = std::exchange(machine_, nullptr);
  person_.wishes = {"Choose a new password, without a TPM"};
  expect_open();
  EXPECT_TRUE(person_.saw("This machine shows no TPM, and /data was sealed to one.")) << person_.story();
  expect_open();
  EXPECT_EQ(person_.times_asked(kRecoveryKeyLabel), 0);
  EXPECT_NE(session().find("\"tpm\":false"), std::string::npos);
}

TEST_F(TurnRefusedTest, AfterTenWrongPasswordsTheTpmIsLockedAndSaysForHowLong) {
  set_up();
  for (int i = 0; i < 10; ++i) person_.passwords.emplace_back("guess");
  person_.wishes = {"Type my password"};
  expect_open();
  EXPECT_TRUE(person_.saw("Wrong password. 1 try left.")) << person_.story();
  EXPECT_TRUE(person_.saw("it gives one try back every 2 hours")) << person_.story();
  expect_open();  // the recovery key has unlocked the TPM as well
  EXPECT_EQ(person_.times_asked(kRecoveryKeyLabel), 0);
}

TEST_F(TurnRefusedTest, ARetiredImageSaysSoAndANewOneNeedsNothing) {
  set_up();
  TestImage old = std::exchange(image_, TestImage{"an image of epoch 6", 6});
  expect_open();
  {
    Tpm tpm = power_tpm_on().value();
    Volume volume = Volume::load(storage_.device()).value();
    DataHeader header = read_data_header(volume.metadata()).value();
    TpmStorageKey key = TpmStorageKey::open(tpm, header.users.at(1).token.tpm->storage_key).value();
    SignedImage carried = image_.carried();
    ASSERT_TRUE(retire_older_images(tpm, key, carried.signature, carried.owner));
  }
  image_ = old;
  person_.wishes = {"Type my password"};
  expect_open();
  expect_said_before_a_password({"This version of the system was retired"});
  image_ = {"an image of epoch 6", 6};
  expect_open();
  EXPECT_EQ(person_.times_asked(kRecoveryKeyLabel), 0);
}

TEST_F(TurnRefusedTest, AnotherImageThanTheSignedOneIsNotTrusted) {
  set_up();
  TestImage started{"what an attacker built", 5};
  SignedImage stolen = image_.carried();
  image_ = started;
  carried_ = stolen;  // the real one's signatures beside it
  person_.wishes = {"Not now"};
  expect_end(TurnEnd::open);
  expect_said_before_a_password({"What started is not what the owner signed"});
}

TEST_F(TurnRefusedTest, ATpmThatStopsInTheMiddleIsAskedAgain) {
  set_up();
  for (std::uint32_t command : {TPM2_CC_Unseal, TPM2_CC_PolicyNV, TPM2_CC_GetCapability}) {
    bool cut = false;
    machine_->wire().meddle = [&](const Bytes& sent, Bytes& answer) {
      if (!cut && tpm_command_code(sent) == command) {
        answer.clear();
        cut = true;
      }
    };
    person_.wishes = {"Try again"};
    expect_open();
    EXPECT_TRUE(cut);
    EXPECT_TRUE(person_.saw("The TPM stopped answering in the middle.")) << person_.story();
    machine_->wire().meddle = nullptr;
  }
}

TEST_F(TurnRefusedTest, ADamagedOrForeignHeaderIsNeverTouched) {
  set_up();
  storage_.restart();
  Bytes whole = partition();
  Bytes damaged = whole;
  std::fill(damaged.begin(), damaged.begin() + 2 * kMetadataSize, std::uint8_t{0x55});
  ASSERT_TRUE(write_file(storage_.device(), damaged, 0600));
  expect_end(TurnEnd::restart);
  EXPECT_TRUE(person_.saw("has no LUKS2 header, or a damaged one. It is not touched.")) << person_.story();
  EXPECT_EQ(partition(), damaged);

  CommandOutput made = run({.argv = {"cryptsetup", "luksFormat", "-q", "--type", "luks2", "--pbkdf", "pbkdf2",
                                     "--pbkdf-force-iterations", "1000", storage_.device().string()},
                            .input = "password"})
                           .value();
  ASSERT_EQ(made.exit_status, 0) << made.err;
  Bytes foreign = partition();
  expect_end(TurnEnd::restart);
  EXPECT_TRUE(person_.saw("was not made by this system, or was altered")) << person_.story();
  EXPECT_EQ(partition(), foreign);

  ASSERT_TRUE(write_file(storage_.device(), whole, 0600));
  expect_open();
}

TEST_F(TurnRefusedTest, AnotherMachinesPartitionDoesNotOpen) {
  set_up();
  storage_.restart();
  Bytes ours = partition();
  auto our_machine = std::exchange(machine_, std::make_unique<TestTpm>());
  std::string our_paper = person_.paper;
  storage_.state = PartitionState::absent;
  set_up();
  std::string other_paper = person_.paper;
  storage_.restart();
  machine_ = std::move(our_machine);
  person_.recovery_keys = {our_paper, std::nullopt};
  expect_end(TurnEnd::restart);
  EXPECT_TRUE(person_.saw("the disk is in another machine")) << person_.story();
  EXPECT_TRUE(person_.saw("This is not the recovery key of this machine's /data.")) << person_.story();
  ASSERT_TRUE(write_file(storage_.device(), ours, 0600));
  person_.paper = our_paper;
}

}  // namespace
}  // namespace ashlar::testing
