// First boot: what a person may do wrong, a TPM that is not free, and a machine that is used without /data.
#include <gtest/gtest.h>
#include <tss2/tss2_esys.h>

#include "data/prompt.h"
#include "dialogue.h"
#include "format/rollback.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_esys.h"
#include "sys/tpm_rollback.h"

namespace ashlar::test {
namespace {

// NV indices of nobody's until there is no room for one more.
std::vector<std::uint32_t> fill_nv_memory(Tpm& tpm) {
  std::vector<std::uint32_t> made;
  std::uint32_t handle = 0x01c10000;
  for (UINT16 size : {2000, 200, 8}) {
    for (unsigned i = 0; i < 200; ++i) {
      TPM2B_NV_PUBLIC area{};
      area.nvPublic = {.nvIndex = handle + 1,
                       .nameAlg = TPM2_ALG_SHA256,
                       .attributes = TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD,
                       .authPolicy = {},
                       .dataSize = size};
      TPM2B_AUTH auth{};
      ESYS_TR index = ESYS_TR_NONE;
      TSS2_RC code = Esys_NV_DefineSpace(tpm.esys(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                         &auth, &area, &index);
      if (code != TSS2_RC_SUCCESS) break;  // no room for one of this size
      Esys_TR_Close(tpm.esys(), &index);
      made.push_back(++handle);
    }
  }
  return made;
}

void remove_index(Tpm& tpm, std::uint32_t handle) {
  ESYS_TR index = ESYS_TR_NONE;
  ASSERT_EQ(Esys_TR_FromTPMPublic(tpm.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &index),
            TSS2_RC_SUCCESS);
  EXPECT_EQ(Esys_NV_UndefineSpace(tpm.esys(), ESYS_TR_RH_OWNER, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
            TSS2_RC_SUCCESS);
}

Status set_owner(Tpm& tpm, std::string_view present, std::string_view next) {
  Secret before = TRY(Secret::copy_of(as_bytes(present)));
  esys::Authorized authorized = TRY(esys::Authorized::with(tpm.esys(), ESYS_TR_RH_OWNER, &before));
  TPM2B_AUTH value{};
  TRY(esys::fill(value.size, value.buffer, as_bytes(next), "authorization"));
  return esys::call("set the owner's authorization", [&] {
    return Esys_HierarchyChangeAuth(tpm.esys(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &value);
  });
}

class FirstBootTest : public Dialogue {
 protected:
  void SetUp() override {
    talk_with(DataMachine::new_machine("first-boot-" + name_of_test()));
    start();
    ASSERT_TRUE(asked_->says("Welcome")) << asked_->text();
  }
  // Answers until set-up shows the recovery key, or fails.
  void answer_to_the_key() {
    answer("");  // the keyboard
    answer(kName);
    answer(kPassword);
    answer(kPassword);
  }
};

TEST_F(FirstBootTest, MistakesAreToldAndAskedAgain) {
  choose("Set up this machine");
  answer("");
  ASSERT_EQ(asked_->label, kNameLabel) << asked_->text();
  answer("");
  EXPECT_EQ(asked_->label, kNameLabel) << "a name is needed: " << asked_->text();
  answer(kName);
  for (std::string_view weak : {"", "password", "Anna1234"}) {
    SCOPED_TRACE(weak);
    ASSERT_EQ(asked_->label, kNewPasswordLabel) << asked_->text();
    answer(weak);
    EXPECT_EQ(asked_->label, kNewPasswordLabel) << asked_->text();
  }
  EXPECT_TRUE(asked_->says("Too easy to guess.")) << asked_->text();
  answer(kPassword);
  ASSERT_EQ(asked_->label, kAgainLabel) << asked_->text();
  answer("something else");
  EXPECT_EQ(asked_->label, kNewPasswordLabel) << asked_->text();
  answer(kPassword);
  answer(kPassword);
  std::string key;
  for (const std::string& line : asked_->lines) {
    if (std::ranges::count(line, '-') == 12) key = line.substr(line.find_first_not_of(' '));
  }
  ASSERT_EQ(key.size(), 77U) << asked_->text();
  answer("");
  ASSERT_EQ(asked_->label, kRecoveryKeyLabel) << asked_->text();
  std::string mistyped = key;
  mistyped[20] = mistyped[20] == '2' ? '3' : '2';  // in the fourth group
  answer(mistyped);
  ASSERT_EQ(asked_->label, kRecoveryKeyLabel) << asked_->text();
  EXPECT_TRUE(asked_->says("roup 4")) << asked_->text();
  answer(key);
  EXPECT_TRUE(asked_->at_shell()) << asked_->text();
}

TEST_F(FirstBootTest, AMachineThatIsUsedWithoutDataIsAskedAgain) {
  choose("Start without /data this time");
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  EXPECT_TRUE(asked_->says("ashlar: data=skipped")) << asked_->text();
  ASSERT_OK(machine_->power_off());
  asked_ = machine_->start();
  ASSERT_OK(asked_);
  EXPECT_TRUE(asked_->says("Welcome")) << asked_->text();
}

TEST_F(FirstBootTest, ATpmWithAnOwnerIsToldAndNotTouched) {
  Result<Tpm> tpm = machine_->live_tpm();
  ASSERT_OK(tpm);
  ASSERT_OK(set_owner(*tpm, "", "another system's"));
  choose("Set up this machine");
  EXPECT_TRUE(asked_->says("The TPM is in use")) << asked_->text();
  choose("Try again");
  EXPECT_TRUE(asked_->says("The TPM is in use")) << asked_->text();
  ASSERT_OK(set_owner(*tpm, "another system's", ""));
  choose("Try again");
  EXPECT_TRUE(asked_->says("Which keyboard is this?")) << asked_->text();
}

TEST_F(FirstBootTest, ATpmWithoutRoomIsToldAndNothingIsHalfDone) {
  Result<Tpm> tpm = machine_->live_tpm();
  ASSERT_OK(tpm);
  std::vector<std::uint32_t> filled = fill_nv_memory(*tpm);
  ASSERT_FALSE(filled.empty());
  choose("Set up this machine");
  answer_to_the_key();
  EXPECT_TRUE(asked_->says("Setting up did not work")) << asked_->text();
  EXPECT_TRUE(asked_->says("its memory is full")) << asked_->text();
  for (std::uint32_t index : filled) remove_index(*tpm, index);
  choose("Try again");
  EXPECT_TRUE(asked_->says("Write down the recovery key")) << asked_->text();
}

// Before set-up the TPM has no owner: the control of NobodyCanRemoveTheRollbackIndex.
TEST_F(FirstBootTest, BeforeSetUpAnybodyCanMakeAndRemoveAnIndex) {
  Result<Tpm> tpm = machine_->live_tpm();
  ASSERT_OK(tpm);
  Result<TpmName> name = TpmStorageKey::establish(*tpm, nullptr);
  ASSERT_OK(name);
  Result<TpmStorageKey> key = TpmStorageKey::open(*tpm, *name);
  ASSERT_OK(key);
  Bytes area = RollbackIndex(TpmName{}).public_area();
  ASSERT_OK(define_nv_index(*tpm, *key, nullptr, area));
  Status removed = undefine_nv_index(*tpm, *key, nullptr, kRollbackHandle);
  EXPECT_TRUE(removed) << removed.error().message();
}

}  // namespace
}  // namespace ashlar::test
