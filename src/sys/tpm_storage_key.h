// The storage root key: the persistent primary key under which everything of ours is sealed and to which every session
// is salted.
#pragma once

#include "sys/tpm_esys.h"

namespace ashlar {

class TpmStorageKey {
 public:
  static constexpr std::uint32_t kHandle = 0x81000001;  // TCG TPM v2.0 Provisioning Guidance 1.0, 7.8

  // At set-up: makes the key (ECC P-256, AES-128-CFB, the standard template: Provisioning Guidance, 7.5.1) from the
  // owner's seed, makes it persistent when it is not, and gives its name, which is to be kept. `owner_auth` may be
  // nullptr: not set. Errors: another key has the handle (other), owner authorization is unknown (owned), no room.
  static Result<TpmName> establish(Tpm& tpm, const Secret* owner_auth);

  // The key under the handle, which must be the one whose name was kept (cleared). It is the name we compute ourselves
  // over the public area that libtss2 will encrypt the salts to, not what the TPM says: whoever sits on the bus could
  // otherwise answer with the right name and a key of their own.
  static Result<TpmStorageKey> open(Tpm& tpm, const TpmName& pinned);

  [[nodiscard]] ESYS_TR handle() const { return key_; }
  [[nodiscard]] const TpmName& name() const { return name_; }

 private:
  TpmStorageKey(ESYS_TR key, const TpmName& name) : key_(key), name_(name) {}
  ESYS_TR key_;
  TpmName name_;
};

}  // namespace ashlar
