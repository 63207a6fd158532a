// The way from a password to an open volume, with a real TPM and a real LUKS2 header.
#include <gtest/gtest.h>

#include "base/random.h"
#include "data/testing.h"
#include "data/token.h"
#include "data/volume.h"
#include "format/rollback.h"
#include "sys/test_tpm.h"
#include "sys/tpm_seal.h"

namespace ashlar {
namespace {

using testing::Disk;
using testing::secret_of;

// Sealed to nothing but PCR 15 zero and the password: how owners sign policies is tpm_test's.
TEST(Unlock, APasswordAndATpmOpenTheVolume) {
  TestTpm machine;
  Disk disk;
  Argon2idParameters parameters{kLeastArgon2idMemory, 1, 1, {}};
  TpmName pinned;
  Sha256Digest policy = PolicyDigest().pcr({{15, {}}}).auth_value().value();
  {
    Tpm tpm = machine.power_on();
    pinned = TpmStorageKey::establish(tpm, nullptr).value();
    TpmStorageKey storage_key = TpmStorageKey::open(tpm, pinned).value();
    PasswordKeys keys = derive_password_keys(secret_of("correct horse"), parameters).value();
    Secret tpm_secret = random_secret(32).value();
    UserToken token{.user = 1,
                    .keyslot = 1,
                    .password = parameters,
                    .tpm = EnrolledTpm{pinned, tpm.read_pcrs({0, 2, 7}).value(),
                                       seal(tpm, storage_key, tpm_secret, keys.tpm_auth, policy).value()}};
    UnlockedVolume volume = Volume::format(disk.path()).value();
    ASSERT_TRUE(volume.begin({{1}, {0}}));
    ASSERT_TRUE(volume.add_keyslot(1, keyslot_key(keys.luks, tpm_secret).value()));
    ASSERT_TRUE(volume.put_token(0, build_user_token(token)));
    ASSERT_TRUE(volume.finish());
  }

  auto unlock = [&](std::string_view typed) -> Status {
    Tpm tpm = machine.power_on();
    Volume volume = TRY(Volume::load(disk.path()));
    const StoredToken& stored = volume.metadata().tokens.at(0);
    UserToken token = TRY(parse_user_token(as_bytes(stored.json)));
    PasswordKeys keys = TRY(derive_password_keys(secret_of(typed), token.password));
    TpmStorageKey storage_key = TRY(TpmStorageKey::open(tpm, token.tpm->storage_key));
    Secret tpm_secret =
        TRY(unseal_with(tpm, storage_key, token.tpm->secret, keys.tpm_auth, [&](TpmSession& session) -> Status {
          TRY(policy_pcr_equal(tpm, session, {{15, {}}}, TpmFailure::already_unlocked));
          return policy_auth_value(tpm, session);
        }));
    UnlockedVolume open = TRY(volume.unlock(token.keyslot, TRY(keyslot_key(keys.luks, tpm_secret))));
    return {};
  };
  Status opened = unlock("correct horse");
  EXPECT_TRUE(opened) << opened.error().message();
  Status denied = unlock("correct house");
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind<TpmFailure>(), TpmFailure::wrong_auth) << denied.error().message();
}

}  // namespace
}  // namespace ashlar
