#include "data/enrolment.h"

#include "base/random.h"
#include "format/rollback.h"
#include "sys/tpm_seal.h"

namespace ashlar {
namespace {

// What an earlier attempt of this turn left half done.
Status start_clean(UnlockedVolume& volume) {
  return volume.unfinished().empty() ? Status{} : volume.discard_unfinished();
}

HeaderParts parts_of(const HeaderUser& user) { return {{user.token.keyslot}, {user.number}}; }

Status remove(UnlockedVolume& volume, const HeaderParts& parts) {
  for (unsigned token : parts.tokens) TRY(volume.remove_token(token));
  for (unsigned keyslot : parts.keyslots) TRY(volume.remove_keyslot(keyslot));
  return volume.finish();
}

}  // namespace

Result<StretchedPassword> stretch(const Secret& password, const Argon2idParameters& parameters) {
  PasswordKeys keys = TRY(derive_password_keys(password, parameters));
  return StretchedPassword{parameters, std::move(keys)};
}

Result<StretchedPassword> stretch_anew(const Secret& password, Argon2idParameters parameters) {
  TRY(fill_random(parameters.salt));
  return stretch(password, parameters);
}

Result<std::optional<Secret>> add_user_key(UnlockedVolume& volume, const UserPlace& place,
                                           const StretchedPassword& password, SealingTpm* tpm) {
  UserToken token{.user = place.user, .keyslot = place.keyslot, .password = password.parameters, .tpm = std::nullopt};
  if (tpm == nullptr) {
    TRY(volume.add_keyslot(place.keyslot, TRY(keyslot_key_without_tpm(password.keys.luks))));
    TRY(volume.put_token(place.token, build_user_token(token)));
    return std::nullopt;
  }
  Secret secret = TRY(random_secret(32));
  PcrValues enrolled = TRY(tpm->tpm.read_pcrs({0, 2, 7}));
  SealedBlobs blobs =
      TRY(seal(tpm->tpm, tpm->key, secret, password.keys.tpm_auth, data_policy(tpm->owner.name(), enrolled)));
  token.tpm = EnrolledTpm{tpm->key.name(), std::move(enrolled), std::move(blobs)};
  TRY(volume.add_keyslot(place.keyslot, TRY(keyslot_key(password.keys.luks, secret))));
  TRY(volume.put_token(place.token, build_user_token(token)));
  return secret;
}

Result<std::optional<Secret>> enrol(UnlockedVolume& volume, unsigned user, const StretchedPassword& password,
                                    SealingTpm* tpm) {
  TRY(start_clean(volume));
  DataHeader header = TRY(read_data_header(volume.metadata()));
  UserPlace place{user, volume.free_keyslot(), volume.free_token()};
  TRY(volume.begin({{place.keyslot}, {place.token}}));
  std::optional<Secret> secret = TRY(add_user_key(volume, place, password, tpm));
  auto old = header.users.find(user);
  if (old == header.users.end()) {
    TRY(volume.finish());
    return secret;
  }
  HeaderParts replaced = parts_of(old->second);
  TRY(volume.go_on_with(replaced));  // from here on the new ones open the volume, and the old ones no longer
  TRY(remove(volume, replaced));
  return secret;
}

Status expel(UnlockedVolume& volume, const HeaderUser& user) {
  TRY(start_clean(volume));
  TRY(volume.begin(parts_of(user)));
  return remove(volume, parts_of(user));
}

Status set_expecting(UnlockedVolume& volume, const HeaderUser& user, std::optional<SealedBlobs> expecting) {
  if (!user.token.tpm) return fail("there is no TPM whose registers could be expected to change");
  TRY(start_clean(volume));
  UserToken token = user.token;
  token.tpm->expecting = std::move(expecting);
  unsigned number = volume.free_token();
  TRY(volume.begin({{}, {number}}));
  TRY(volume.put_token(number, build_user_token(token)));
  HeaderParts replaced{{}, {user.number}};
  TRY(volume.go_on_with(replaced));
  return remove(volume, replaced);
}

}  // namespace ashlar
