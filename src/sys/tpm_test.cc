// Against a real TPM (swtpm): what the unlocking program asks of it, and how it refuses.
#include <thread>

#include "sys/tpm_machine.h"

namespace ashlar {
namespace {

using namespace tpm_testing;

TEST_F(TpmTest, UnsealsInEveryBootOfASignedImage) {
  set_up();
  expect_unseals();
  boot();
  expect_unseals();
  boot("another image of the same owner");
  expect_unseals();
}

TEST_F(TpmTest, AWrongAuthorizationValueCostsATry) {
  set_up();
  expect_fails(secret_of(1), steps(), TpmFailure::wrong_auth);
  EXPECT_EQ(tries_used(), 1U);
  expect_unseals();
  EXPECT_EQ(tries_used(), 1U);
}

TEST_F(TpmTest, WrongValuesLockItUntilTheCountIsCleared) {
  set_up();
  TpmStorageKey key = open_key();
  Secret lockout = secret_of(0x77);
  ASSERT_TRUE(set_lockout_parameters(*tpm_, key, nullptr, {.tries = 4}));
  ASSERT_TRUE(change_authorization(*tpm_, key, TpmAuthority::lockout, nullptr, lockout));
  LockoutState fresh = lockout_state(*tpm_).value();
  EXPECT_EQ(fresh.allowed, 4U);
  EXPECT_EQ(fresh.left(), 4U);
  EXPECT_EQ(fresh.recovery, std::chrono::seconds(7200));
  EXPECT_EQ(fresh.lockout_recovery, std::chrono::seconds(86400));
  EXPECT_TRUE(fresh.lockout_set);
  EXPECT_FALSE(fresh.locked);

  for (int i = 0; i < 4; ++i) expect_fails(secret_of(1), steps(), TpmFailure::wrong_auth);
  EXPECT_TRUE(lockout_state(*tpm_).value().locked);
  EXPECT_EQ(lockout_state(*tpm_).value().left(), 0U);
  expect_fails(auth_, steps(), TpmFailure::locked_out);  // the right value is not even looked at

  ASSERT_TRUE(reset_lockout(*tpm_, key, lockout));
  EXPECT_EQ(tries_used(), 0U);
  expect_unseals();

  Status denied = reset_lockout(*tpm_, key, secret_of(0x78));
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind<TpmFailure>(), TpmFailure::owned);
}

TEST_F(TpmTest, WaitingGivesTriesBack) {
  set_up();
  ASSERT_TRUE(set_lockout_parameters(*tpm_, open_key(), nullptr, {.tries = 2, .recovery = std::chrono::seconds(1)}));
  // Guesses as long as the TPM takes any: one second gives one back.
  for (int i = 0; i < 50 && !lockout_state(*tpm_).value().locked; ++i) EXPECT_FALSE(try_unseal(secret_of(1), steps()));
  ASSERT_TRUE(lockout_state(*tpm_).value().locked);
  Result<Secret> secret = try_unseal();
  for (int i = 0; i < 50 && !secret; ++i) {
    EXPECT_EQ(secret.error().kind<TpmFailure>(), TpmFailure::locked_out) << secret.error().message();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    secret = try_unseal();
  }
  EXPECT_TRUE(secret);
}

TEST_F(TpmTest, AnOpenDoorClosesForTheRestOfTheBoot) {
  set_up();
  expect_unseals();
  ASSERT_TRUE(tpm_->extend_pcr(15, sha256(std::string_view("the unlocking program has ended"))));
  expect_fails(auth_, steps(), TpmFailure::already_unlocked);
  EXPECT_EQ(tries_used(), 0U);
  boot();
  expect_unseals();
}

TEST_F(TpmTest, TellsWhichFirmwareRegisterDiffers) {
  set_up();
  boot();
  expect_unseals();
  ASSERT_TRUE(tpm_->extend_pcr(7, sha256(std::string_view("another key in db"))));
  Result<Secret> secret = try_unseal();
  ASSERT_FALSE(secret);
  EXPECT_NE(secret.error().message().find("PCR 7 "), std::string::npos) << secret.error().message();
  boot("image", "another firmware");
  expect_fails(auth_, steps(), TpmFailure::firmware_changed);
  secret = try_unseal();
  ASSERT_FALSE(secret);
  EXPECT_NE(secret.error().message().find("PCR 0, 2, 7 "), std::string::npos) << secret.error().message();
}

TEST_F(TpmTest, AnImageTheOwnerDidNotSignGetsNothing) {
  set_up();
  UnsealSteps honest = steps();
  expect_unseals();
  boot("a stranger's image");
  expect_fails(auth_, honest, TpmFailure::image_not_signed);  // signatures of the owner's image
  UnsealSteps forged = steps();
  forged.image = stranger().sign(image_policy(), kUnseal);
  expect_fails(auth_, forged, TpmFailure::policy);  // a valid signature, by somebody else
  forged.image.key = owner().area();
  expect_fails(auth_, forged, TpmFailure::image_not_signed);  // said to be by the owner
  forged.image = owner().sign(image_policy(), kWrite);
  expect_fails(auth_, forged, TpmFailure::policy);  // signed for another purpose
  expect_unseals();                                 // and once the owner signs it
}

TEST_F(TpmTest, SomethingBesideTheImageGetsNothing) {
  set_up();
  UnsealSteps honest = steps();
  boot();
  ASSERT_TRUE(tpm_->extend_pcr(12, sha256(std::string_view("rdinit=/bin/sh"))));
  expect_fails(auth_, honest, TpmFailure::image_not_signed);
  boot();
  ASSERT_TRUE(try_unseal(auth_, honest));
}

TEST_F(TpmTest, ARetiredImageIsRefused) {
  set_up();
  TpmStorageKey key = open_key();
  auto set = [&](std::uint64_t bits, const OwnerKey& signer, std::uint64_t signed_bits) {
    Sha256Digest policy = PolicyDigest()
                              .pcr(image_pcrs())
                              .cp_hash(nv_set_bits_cp_hash(index_name(true), index_name(true), signed_bits))
                              .value();
    return set_rollback_bits(*tpm_, key, kIndex, index_name(true), bits, {11, 12, 13}, signer.sign(policy, kWrite));
  };
  ASSERT_TRUE(set(1U << kEpoch, owner(), 1U << kEpoch));
  EXPECT_EQ(read_rollback_bits(*tpm_, key, kIndex, index_name(true)).value(), 1U << kEpoch);
  expect_unseals();  // its own bit retires others

  Status other_bit = set(1U << 10, owner(), 1U << 5);
  ASSERT_FALSE(other_bit);
  EXPECT_EQ(other_bit.error().kind<TpmFailure>(), TpmFailure::image_not_signed) << other_bit.error().message();
  Status foreign = set(1U << 10, stranger(), 1U << 10);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().kind<TpmFailure>(), TpmFailure::policy) << foreign.error().message();
  EXPECT_EQ(read_rollback_bits(*tpm_, key, kIndex, index_name(true)).value(), 1U << kEpoch);
  expect_unseals();

  ASSERT_TRUE(set(1U << (kEpoch + 1), owner(), 1U << (kEpoch + 1)));  // by an image of the next epoch
  expect_fails(auth_, steps(), TpmFailure::image_retired);
  EXPECT_EQ(tries_used(), 0U);
}

TEST_F(TpmTest, TheRollbackIndexBelongsToTheOwner) {
  set_up();
  TpmStorageKey key = open_key();
  Secret auth = secret_of(0x33);
  ASSERT_TRUE(change_authorization(*tpm_, key, TpmAuthority::owner, nullptr, auth));
  EXPECT_TRUE(lockout_state(*tpm_).value().owner_set);
  Status undefined = undefine_nv_index(*tpm_, key, nullptr, kIndex);
  ASSERT_FALSE(undefined);
  EXPECT_EQ(undefined.error().kind<TpmFailure>(), TpmFailure::owned) << undefined.error().message();
  expect_unseals();

  ASSERT_TRUE(undefine_nv_index(*tpm_, key, &auth, kIndex));
  expect_fails(auth_, steps(), TpmFailure::rollback_index_wrong);
  ASSERT_TRUE(define_nv_index(*tpm_, key, &auth, index_bytes()));
  expect_fails(auth_, steps(), TpmFailure::rollback_index_wrong);  // never written
  EXPECT_EQ(TpmNvIndex::look(*tpm_, kIndex).value(), index_name(false));
  Status again = define_nv_index(*tpm_, key, &auth, index_bytes());
  ASSERT_FALSE(again);
}

TEST_F(TpmTest, AClearedTpmIsToldAsSuch) {
  set_up();
  tpm_.reset();
  tpm_.emplace(machine_.clear());
  measure();
  Result<TpmStorageKey> gone = TpmStorageKey::open(*tpm_, pinned_);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind<TpmFailure>(), TpmFailure::cleared) << gone.error().message();
  TpmName another = TpmStorageKey::establish(*tpm_, nullptr).value();
  EXPECT_NE(another, pinned_);
  Result<TpmStorageKey> replaced = TpmStorageKey::open(*tpm_, pinned_);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().kind<TpmFailure>(), TpmFailure::cleared) << replaced.error().message();
  EXPECT_TRUE(TpmStorageKey::open(*tpm_, another));
}

TEST_F(TpmTest, EstablishesTheSameKeyAgainAndNoneOnSomebodyElsesTpm) {
  set_up();
  EXPECT_EQ(TpmStorageKey::establish(*tpm_, nullptr).value(), pinned_);
  Secret auth = secret_of(0x33);
  {
    TpmStorageKey key = open_key();
    ASSERT_TRUE(change_authorization(*tpm_, key, TpmAuthority::owner, nullptr, auth));
  }
  EXPECT_EQ(TpmStorageKey::establish(*tpm_, &auth).value(), pinned_);
  Result<TpmName> denied = TpmStorageKey::establish(*tpm_, nullptr);
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind<TpmFailure>(), TpmFailure::owned) << denied.error().message();
}

TEST_F(TpmTest, AFullTpmSaysSo) {
  set_up();
  TpmStorageKey key = open_key();
  TPMS_NV_PUBLIC area = index_area(false);
  area.attributes = TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA;
  area.dataSize = 2048;
  Status defined;
  for (int i = 0; i < 200 && defined; ++i) {
    ++area.nvIndex;
    defined = define_nv_index(*tpm_, key, nullptr, esys::marshal(area, Tss2_MU_TPMS_NV_PUBLIC_Marshal, "").value());
  }
  ASSERT_FALSE(defined);
  EXPECT_EQ(defined.error().kind<TpmFailure>(), TpmFailure::nv_full) << defined.error().message();
}

TEST_F(TpmTest, AnAuthorizationValueMayEndInZeros) {
  set_up();
  auth_.bytes()[31] = 0;
  auth_.bytes()[30] = 0;
  blobs_ = seal(*tpm_, open_key(), secret_of(0x5e), auth_, data_policy()).value();
  expect_unseals();
}

TEST_F(TpmTest, DamagedBlobsAreToldAsSuch) {
  set_up();
  SealedBlobs whole = blobs_;
  blobs_.private_area[40] ^= 1;
  expect_fails(auth_, steps(), TpmFailure::damaged);
  blobs_ = whole;
  blobs_.private_area.push_back(0);
  expect_fails(auth_, steps(), TpmFailure::damaged);
  blobs_ = whole;
  blobs_.public_area.resize(10);
  expect_fails(auth_, steps(), TpmFailure::damaged);
  blobs_ = {};
  expect_fails(auth_, steps(), TpmFailure::damaged);
  blobs_ = whole;
  expect_unseals();
}

TEST_F(TpmTest, OurDigestsAreWhatATrialSessionGives) {
  set_up();
  TpmStorageKey key = open_key();
  TpmSession trial = TpmSession::start(*tpm_, key, TpmSession::Kind::trial).value();
  Status done = satisfy(*tpm_, trial, steps());
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(trial.policy_digest().value(), data_policy());
}

TEST_F(TpmTest, GivesRandomBytes) {
  boot();
  Bytes bytes = tpm_->random_bytes(100).value();
  EXPECT_EQ(bytes.size(), 100U);
  EXPECT_NE(bytes, tpm_->random_bytes(100).value());
  EXPECT_FALSE(tpm_->random_bytes(1025));
}

TEST(TpmDevice, AMachineWithoutOneSaysSo) {
  Result<Tpm> tpm = Tpm::open("/dev/tpmrm-of-no-machine");
  ASSERT_FALSE(tpm);
  EXPECT_EQ(tpm.error().kind<TpmFailure>(), TpmFailure::absent);
}

}  // namespace
}  // namespace ashlar
