// A machine's life with /data: a real TPM (swtpm), a real LUKS2 header in a file, policies as the builder signs them.
#include <gtest/gtest.h>

#include "base/random.h"
#include "data/authority_token.h"
#include "data/owner_policies.h"
#include "data/recovery_key.h"
#include "data/testing.h"
#include "data/token.h"
#include "format/pcr_signer.h"
#include "format/testing.h"
#include "sys/test_tpm.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_rollback.h"
#include "sys/tpm_seal.h"

namespace ashlar {
namespace {

using testing::Disk;
using testing::owner;
using testing::secret_of;

constexpr Argon2idParameters kQuick{kLeastArgon2idMemory, 1, 1, {}};
constexpr unsigned kRecoveryKeyslot = 0;

// An image as it measures itself, and what its UKI carries.
struct Image {
  std::string name;
  unsigned epoch = 5;

  // What PCR 11 is once the stub has measured it; here one extension stands for them all.
  [[nodiscard]] Sha256Digest uki_pcr() const {
    return Sha256().update(Sha256Digest{}.bytes).update(sha256(name).bytes).finish();
  }
  [[nodiscard]] PcrSignature signature() const {
    return sign_image_policies(owner(), uki_pcr(), Epoch::from(epoch).value()).value();
  }
};

class UnlockTest : public ::testing::Test {
 protected:
  void boot(const Image& image, std::string_view firmware = "firmware") {
    tpm_.reset();
    tpm_.emplace(machine_->power_on());
    for (unsigned pcr : {0U, 2U, 7U}) ASSERT_TRUE(tpm_->extend_pcr(pcr, sha256(firmware)));
    ASSERT_TRUE(tpm_->extend_pcr(11, sha256(image.name)));
    image_ = image;
  }

  Status set_up(std::string_view password) {
    TpmName pinned = TRY(TpmStorageKey::establish(*tpm_, nullptr));
    TpmStorageKey key = TRY(TpmStorageKey::open(*tpm_, pinned));
    TRY(set_lockout_parameters(*tpm_, key, nullptr, {.tries = 5}));
    TRY(prepare_rollback_index(*tpm_, key, nullptr, image_.signature(), owner_key_));
    Secret owner_auth = TRY(random_secret(32));
    Secret lockout_auth = TRY(random_secret(32));
    TRY(change_authorization(*tpm_, key, TpmAuthority::owner, nullptr, owner_auth));
    TRY(change_authorization(*tpm_, key, TpmAuthority::lockout, nullptr, lockout_auth));
    TpmAuthorities authorities{std::move(owner_auth), std::move(lockout_auth)};

    UnlockedVolume volume = TRY(Volume::format(disk_.path()));
    TRY(volume.begin({{kRecoveryKeyslot, 1}, {0, 1}}));
    recovery_ = TRY(make_recovery_key());
    TRY(volume.add_keyslot(kRecoveryKeyslot, *recovery_));
    TRY(enrol(volume, key, 1, 0, password));
    Secret sealing = TRY(volume.derive_key(kTpmAuthorityLabel, 32));
    TRY(volume.put_token(1, TRY(build_tpm_authority_token(authorities, sealing))));
    return volume.finish();
  }

  // Seals a new secret to the present firmware, and makes keyslot and token for it; both were named.
  Status enrol(UnlockedVolume& volume, const TpmStorageKey& key, unsigned keyslot, unsigned number,
               std::string_view password) {
    PasswordKeys keys = TRY(derive_password_keys(secret_of(password), kQuick));
    Secret tpm_secret = TRY(random_secret(32));
    PcrValues enrolled = TRY(tpm_->read_pcrs({0, 2, 7}));
    SealedBlobs blobs = TRY(seal(*tpm_, key, tpm_secret, keys.tpm_auth, data_policy(owner_key_.name(), enrolled)));
    UserToken token{
        .user = 1, .keyslot = keyslot, .password = kQuick, .tpm = EnrolledTpm{key.name(), enrolled, std::move(blobs)}};
    Secret keyslot_secret = TRY(keyslot_key(keys.luks, tpm_secret));
    TRY(volume.add_keyslot(keyslot, keyslot_secret));
    return volume.put_token(number, build_user_token(token));
  }

  // What the unlocking program does with a password.
  Result<UnlockedVolume> unlock(std::string_view password) {
    Volume volume = TRY(Volume::load(disk_.path()));
    UserToken token;
    for (const auto& [number, stored] : volume.metadata().tokens) {
      if (stored.type == kUserToken) token = TRY(parse_user_token(as_bytes(stored.json)));
    }
    TpmStorageKey key = TRY(TpmStorageKey::open(*tpm_, token.tpm->storage_key));
    UnsealSteps steps = unseal_steps(image_.signature(), owner_key_, token.tpm->enrolled);
    std::optional<Error> refusal = TRY(foreseeable_refusal(*tpm_, key, steps));
    foreseen_ = refusal.has_value();
    if (refusal) return std::unexpected(std::move(*refusal));
    PasswordKeys keys = TRY(derive_password_keys(secret_of(password), token.password));
    Secret tpm_secret = TRY(unseal(*tpm_, key, token.tpm->secret, keys.tpm_auth, steps));
    Secret keyslot_secret = TRY(keyslot_key(keys.luks, tpm_secret));
    return volume.unlock(token.keyslot, keyslot_secret);
  }
  // With the recovery key, typed from paper.
  Result<UnlockedVolume> recover() {
    Secret text = TRY(recovery_text(*recovery_));
    Secret key = TRY(parse_recovery_text(text));
    Volume volume = TRY(Volume::load(disk_.path()));
    return volume.unlock(kRecoveryKeyslot, key);
  }
  // After the volume is open: no wrong password counts any more, the door is closed.
  Status settle(const UnlockedVolume& volume) {
    Secret sealing = TRY(volume.derive_key(kTpmAuthorityLabel, 32));
    for (const auto& [number, stored] : volume.metadata().tokens) {
      if (stored.type != kTpmAuthorityToken) continue;
      TpmAuthorities authorities = TRY(open_tpm_authority_token(as_bytes(stored.json), sealing));
      TpmStorageKey key = TRY(TpmStorageKey::open(*tpm_, pinned()));
      TRY(reset_lockout(*tpm_, key, authorities.lockout));
    }
    TRY(tpm_->extend_pcr(15, sha256(std::string_view("the unlocking program has ended"))));
    return tpm_->shutdown();
  }
  TpmName pinned() {
    Volume volume = Volume::load(disk_.path()).value();
    for (const auto& [number, stored] : volume.metadata().tokens) {
      if (stored.type == kUserToken) return parse_user_token(as_bytes(stored.json)).value().tpm->storage_key;
    }
    return {};
  }

  void expect_opens(std::string_view password) {
    Result<UnlockedVolume> volume = unlock(password);
    ASSERT_TRUE(volume) << volume.error().message();
  }
  void expect_refused(TpmFailure failure, bool before_the_prompt) {
    Result<UnlockedVolume> volume = unlock("correct horse");
    ASSERT_FALSE(volume);
    EXPECT_EQ(volume.error().kind<TpmFailure>(), failure) << volume.error().message();
    EXPECT_EQ(foreseen_, before_the_prompt);
    EXPECT_TRUE(recover());
  }

  const Image first_{"image of epoch 5"};
  const RsaPublicKey owner_key_ = rsa_public_key_of(owner().certificate).value();
  std::unique_ptr<TestTpm> machine_ = std::make_unique<TestTpm>();
  std::optional<Tpm> tpm_;
  Disk disk_;
  Image image_;
  std::optional<Secret> recovery_;
  bool foreseen_ = false;
};

TEST_F(UnlockTest, OpensWithTheRightPasswordEveryDay) {
  boot(first_);
  Status done = set_up("correct horse");
  ASSERT_TRUE(done) << done.error().message();
  for (int day = 0; day < 3; ++day) {
    boot(first_);
    Result<UnlockedVolume> wrong = unlock("correct house");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().kind<TpmFailure>(), TpmFailure::wrong_auth) << wrong.error().message();
    Result<UnlockedVolume> volume = unlock("correct horse");
    ASSERT_TRUE(volume) << volume.error().message();
    Status settled = settle(*volume);
    ASSERT_TRUE(settled) << settled.error().message();
    EXPECT_EQ(lockout_state(*tpm_).value().used, 0U);
    expect_refused(TpmFailure::already_unlocked, true);
  }
}

TEST_F(UnlockTest, ANewImageOfTheOwnersOpensAndAnOldOneNoLonger) {
  boot(first_);
  ASSERT_TRUE(set_up("correct horse"));
  boot({"the next version, the same epoch"});
  expect_opens("correct horse");
  boot({"an image of epoch 6", 6});
  expect_opens("correct horse");
  boot(first_);
  expect_opens("correct horse");  // not retired before the new one's boot was good
  boot({"an image of epoch 6", 6});
  {
    TpmStorageKey key = TpmStorageKey::open(*tpm_, pinned()).value();
    for (int twice = 0; twice < 2; ++twice) {
      Status retired = retire_older_images(*tpm_, key, image_.signature(), owner_key_);
      ASSERT_TRUE(retired) << retired.error().message();
    }
  }
  expect_opens("correct horse");
  boot(first_);
  expect_refused(TpmFailure::image_retired, true);
}

TEST_F(UnlockTest, AnotherFirmwareNeedsTheRecoveryKeyOnce) {
  boot(first_);
  ASSERT_TRUE(set_up("correct horse"));
  boot(first_, "firmware after an update");
  expect_refused(TpmFailure::firmware_changed, true);
  {
    UnlockedVolume volume = recover().value();
    TpmStorageKey key = TpmStorageKey::open(*tpm_, pinned()).value();
    ASSERT_TRUE(volume.begin({{2}, {3}}));
    Status enrolled = enrol(volume, key, 2, 3, "correct horse");
    ASSERT_TRUE(enrolled) << enrolled.error().message();
    ASSERT_TRUE(volume.finish());
    ASSERT_TRUE(volume.begin({{1}, {0}}));
    ASSERT_TRUE(volume.remove_token(0));
    ASSERT_TRUE(volume.remove_keyslot(1));
    ASSERT_TRUE(volume.finish());
  }
  expect_opens("correct horse");
  boot(first_);
  expect_refused(TpmFailure::firmware_changed, true);  // the old firmware is the foreign one now
}

TEST_F(UnlockTest, AMovedDiskAndAClearedTpmSaySo) {
  boot(first_);
  ASSERT_TRUE(set_up("correct horse"));
  auto home = std::exchange(machine_, std::make_unique<TestTpm>());
  boot(first_);
  expect_refused(TpmFailure::cleared, false);
  ASSERT_TRUE(TpmStorageKey::establish(*tpm_, nullptr));  // also once it was set up for another disk
  expect_refused(TpmFailure::cleared, false);
  tpm_.reset();
  machine_ = std::move(home);
  boot(first_);
  expect_opens("correct horse");
  tpm_.reset();
  machine_->clear();
  boot(first_);
  expect_refused(TpmFailure::cleared, false);
}

TEST_F(UnlockTest, GuessingLocksTheTpmAndThePromptKnows) {
  boot(first_);
  ASSERT_TRUE(set_up("correct horse"));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(unlock("guess"));
  EXPECT_EQ(lockout_state(*tpm_).value().left(), 0U);
  expect_refused(TpmFailure::locked_out, true);
  Result<UnlockedVolume> volume = recover();
  ASSERT_TRUE(volume);
  ASSERT_TRUE(settle(*volume));  // the recovery key unlocks the TPM as well
  boot(first_);
  expect_opens("correct horse");
}

TEST_F(UnlockTest, AnInterruptedSetUpOfTheIndexIsContinued) {
  boot(first_);
  TpmName name = TpmStorageKey::establish(*tpm_, nullptr).value();
  {
    TpmStorageKey key = TpmStorageKey::open(*tpm_, name).value();
    ASSERT_TRUE(define_nv_index(*tpm_, key, nullptr, RollbackIndex(owner_key_.name()).public_area()));
  }
  boot(first_);
  Status done = set_up("correct horse");
  ASSERT_TRUE(done) << done.error().message();
  expect_opens("correct horse");
}

}  // namespace
}  // namespace ashlar
