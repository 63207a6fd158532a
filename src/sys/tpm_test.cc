// Against a real TPM (swtpm): what the unlocking program asks of it, and how it refuses.
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <thread>

#include "sys/test_tpm.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_rollback.h"
#include "sys/tpm_seal.h"

namespace ashlar {
namespace {

Secret secret_of(std::uint8_t value, std::size_t size = 32) { return Secret::copy_of(Bytes(size, value)).value(); }

// The owner's PCR key.
class OwnerKey {
 public:
  OwnerKey() : key_(EVP_RSA_gen(2048), EVP_PKEY_free) {
    BIGNUM* n = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_RSA_N, &n);
    std::array<std::uint8_t, 256> modulus{};
    BN_bn2binpad(n, modulus.data(), modulus.size());
    BN_free(n);
    area_ = rsa2048_public_area(modulus);
  }
  [[nodiscard]] const Bytes& area() const { return area_; }
  [[nodiscard]] TpmName name() const { return tpm_name(area_); }
  [[nodiscard]] SignedPolicy sign(const Sha256Digest& approved, std::string policy_ref) const {
    Bytes message = policy_approval(approved, as_bytes(policy_ref));
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    Bytes signature(256);
    std::size_t size = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    EXPECT_EQ(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()), 1);
    return {area_, std::move(policy_ref), approved, std::move(signature)};
  }

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  Bytes area_;
};
const OwnerKey& owner() {
  static const OwnerKey key;
  return key;
}
const OwnerKey& stranger() {
  static const OwnerKey key;
  return key;
}

constexpr std::uint32_t kIndex = 0x01804153;
const std::string kUnseal = "unseal";
const std::string kWrite = "write";

// The rollback index of this owner, before (and after) it is written.
TPMS_NV_PUBLIC index_area(bool written) {
  TPMS_NV_PUBLIC area{};
  area.nvIndex = kIndex;
  area.nameAlg = TPM2_ALG_SHA256;
  area.attributes = TPMA_NV_POLICYWRITE | (TPM2_NT_BITS << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA |
                    (written ? TPMA_NV_WRITTEN : 0);
  area.authPolicy = esys::digest_of(PolicyDigest().authorize(owner().name(), as_bytes(kWrite)).value());
  area.dataSize = 8;
  return area;
}
Bytes index_bytes() { return esys::marshal(index_area(false), Tss2_MU_TPMS_NV_PUBLIC_Marshal, "").value(); }
TpmName index_name(bool written) {
  return tpm_name(esys::marshal(index_area(written), Tss2_MU_TPMS_NV_PUBLIC_Marshal, "").value());
}

// A machine with an owner's image running on it, epoch 3.
class TpmTest : public ::testing::Test {
 protected:
  static constexpr unsigned kEpoch = 3;
  static constexpr std::uint64_t kAbove = ~std::uint64_t{0} << (kEpoch + 1);

  // Firmware, Secure Boot and the image measure themselves.
  void measure(const std::string& image = "image", const std::string& firmware = "firmware") {
    for (unsigned pcr : {0U, 2U, 7U}) ASSERT_TRUE(tpm_->extend_pcr(pcr, sha256(firmware)));
    ASSERT_TRUE(tpm_->extend_pcr(11, sha256(image)));
  }
  void boot(const std::string& image = "image", const std::string& firmware = "firmware") {
    tpm_.reset();
    tpm_.emplace(machine_.power_on());
    measure(image, firmware);
  }

  // Set-up of a new machine, up to the sealed secret.
  void set_up() {
    boot();
    Result<TpmName> name = TpmStorageKey::establish(*tpm_, nullptr);
    ASSERT_TRUE(name) << name.error().message();
    pinned_ = *name;
    TpmStorageKey key = open_key();
    enrolled_ = tpm_->read_pcrs({0, 2, 7}).value();

    Status defined = define_nv_index(*tpm_, key, nullptr, index_bytes());
    ASSERT_TRUE(defined) << defined.error().message();
    Sha256Digest first =
        PolicyDigest().pcr(image_pcrs()).cp_hash(nv_set_bits_cp_hash(index_name(false), index_name(false), 0)).value();
    Status written =
        set_rollback_bits(*tpm_, key, kIndex, index_name(false), 0, {11, 12, 13}, owner().sign(first, kWrite));
    ASSERT_TRUE(written) << written.error().message();

    Result<SealedBlobs> blobs = seal(*tpm_, key, secret_of(0x5e), auth_, data_policy());
    ASSERT_TRUE(blobs) << blobs.error().message();
    blobs_ = *blobs;
  }

  TpmStorageKey open_key() { return TpmStorageKey::open(*tpm_, pinned_).value(); }
  PcrValues image_pcrs() { return tpm_->read_pcrs({11, 12, 13}).value(); }
  static TpmName pcr_key() { return owner().name(); }
  Sha256Digest data_policy() {
    return PolicyDigest().authorize(pcr_key(), as_bytes(kUnseal)).pcr(enrolled_).pcr({{15, {}}}).auth_value().value();
  }
  // Signed for what runs now.
  Sha256Digest image_policy() {
    Be64 operand = kAbove;
    return PolicyDigest().pcr(image_pcrs()).nv(index_name(true), bytes_of(operand), 0, TpmCompare::kBitsClear).value();
  }
  UnsealSteps steps() {
    return {.rollback = {kIndex, index_name(true), kAbove},
            .image = owner().sign(image_policy(), kUnseal),
            .enrolled = enrolled_};
  }
  Result<Secret> try_unseal(const Secret& auth, const UnsealSteps& steps) {
    TpmStorageKey key = TRY(TpmStorageKey::open(*tpm_, pinned_));
    return unseal(*tpm_, key, blobs_, auth, steps);
  }
  Result<Secret> try_unseal() { return try_unseal(auth_, steps()); }
  void expect_unseals() {
    Result<Secret> secret = try_unseal();
    ASSERT_TRUE(secret) << secret.error().message();
    EXPECT_TRUE(secret->equals(secret_of(0x5e)));
  }
  // Nothing but a wrong authorization value may cost a try.
  void expect_fails(const Secret& auth, const UnsealSteps& steps, TpmFailure failure) {
    std::uint32_t before = tries_used();
    Result<Secret> secret = try_unseal(auth, steps);
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().kind<TpmFailure>(), failure) << secret.error().message();
    EXPECT_EQ(tries_used(), before + (failure == TpmFailure::wrong_auth ? 1 : 0));
  }
  std::uint32_t tries_used() { return lockout_state(*tpm_).value().used; }

  TestTpm machine_;
  std::optional<Tpm> tpm_;
  TpmName pinned_;
  PcrValues enrolled_;
  SealedBlobs blobs_;
  Secret auth_ = secret_of(0xa5);
};

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
