// Giving a user a way into the volume: a secret sealed in the TPM, a keyslot, a token. Set-up, a new password, a new
// user and re-sealing all come here.
#pragma once

#include "data/data_header.h"
#include "format/rsa_public_key.h"
#include "sys/tpm_storage_key.h"

namespace ashlar {

// A password that was typed and stretched.
struct StretchedPassword {
  Argon2idParameters parameters;
  PasswordKeys keys;
};
Result<StretchedPassword> stretch(const Secret& password, const Argon2idParameters& parameters);
// With a salt of its own.
Result<StretchedPassword> stretch_anew(const Secret& password, Argon2idParameters parameters);

// What is sealed to: this TPM, its present firmware registers, the images of this owner.
struct SealingTpm {
  Tpm& tpm;
  TpmStorageKey key;
  const RsaPublicKey& owner;
};

// Keyslot and token under these numbers, which volume.begin() named. `tpm` nullptr: the password alone opens.
struct UserPlace {
  unsigned user;
  unsigned keyslot;
  unsigned token;
};
// What the TPM will give for the password; nullopt without one.
Result<std::optional<Secret>> add_user_key(UnlockedVolume& volume, const UserPlace& place,
                                           const StretchedPassword& password, SealingTpm* tpm);

// A new user's keyslot and token; those of a user who has them already are replaced: after a power cut either the old
// ones open the volume or the new ones.
Result<std::optional<Secret>> enrol(UnlockedVolume& volume, unsigned user, const StretchedPassword& password,
                                    SealingTpm* tpm);
// Takes keyslot and token away.
Status expel(UnlockedVolume& volume, const HeaderUser& user);

// Replaces a user's token by one with this `expecting`, as enrol() does it; the keyslot stays.
Status set_expecting(UnlockedVolume& volume, const HeaderUser& user, std::optional<SealedBlobs> expecting);

}  // namespace ashlar
