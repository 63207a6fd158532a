#include "data/expected_change.h"

#include "data/asking.h"
#include "format/rollback.h"
#include "sys/tpm_seal.h"

namespace ashlar {
namespace {

Result<HeaderUser> user_of(const Opened& opened) {
  DataHeader header = TRY(read_data_header(opened.volume.metadata()));
  auto user = header.users.find(opened.user);
  if (user == header.users.end()) return fail("nobody stands at the prompt");
  return user->second;
}

Status settle(Turn& turn, Opened& opened, const HeaderUser& user) {
  if (!opened.as_expected) return set_expecting(opened.volume, user, std::nullopt);
  SealingTpm tpm = TRY(sealing_tpm(turn, user.token.tpm->storage_key));
  opened.tpm_secret = TRY(enrol(opened.volume, opened.user, *opened.password, &tpm));
  return {};
}

}  // namespace

Result<SealingTpm> sealing_tpm(Turn& turn, const TpmName& storage_key) {
  if (!turn.image) return fail("this image carries no policies that the owner signed, so nothing can be sealed");
  Tpm* tpm = TRY(turn.tpm.connect());
  TpmStorageKey key = TRY(TpmStorageKey::open(*tpm, storage_key));
  return SealingTpm{*tpm, key, turn.image->owner};
}

Status expect_change(Turn& turn, Opened& opened) {
  HeaderUser user = TRY(user_of(opened));
  if (!user.token.tpm || !opened.password || !opened.tpm_secret) {
    return fail("it takes a start that was unlocked with a password and the TPM");
  }
  SealingTpm tpm = TRY(sealing_tpm(turn, user.token.tpm->storage_key));
  SealedBlobs blobs = TRY(
      seal(tpm.tpm, tpm.key, *opened.tpm_secret, opened.password->keys.tpm_auth, data_policy(tpm.owner.name(), {})));
  return set_expecting(opened.volume, user, std::move(blobs));
}

Status settle_expected_change(Turn& turn, Opened& opened) {
  HeaderUser user = TRY(user_of(opened));
  if (!user.token.tpm || !user.token.tpm->expecting) return {};
  Status settled = settle(turn, opened, user);
  if (!settled) return tell_failure(turn, "The announced change could not be settled", settled.error());
  if (opened.as_expected) {
    return tell(turn.prompter, {.heading = "The firmware changed, as was announced",
                                .lines = {{"", {"From now on /data opens with it as it is."}}}});
  }
  return tell(turn.prompter, {.heading = "The announced change did not come",
                              .lines = {{"", {"It is no longer expected. Announce it again when it is due."}}}});
}

}  // namespace ashlar
