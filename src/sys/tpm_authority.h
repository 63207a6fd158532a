// Who may administer the TPM, and how it defends itself against guessing (Part 1, 19.8 "Dictionary Attack Protection").
#pragma once

#include <chrono>

#include "sys/tpm_session.h"

namespace ashlar {

// Owner: makes and removes NV indices and persistent keys. Lockout: clears the count of wrong values, and the TPM.
enum class TpmAuthority { owner, lockout };

// Sets the authorization of owner or lockout. `present` nullptr: not set yet. Errors: owned.
Status change_authorization(Tpm& tpm, const TpmStorageKey& key, TpmAuthority authority, const Secret* present,
                            const Secret& next);

struct LockoutParameters {
  std::uint32_t tries = 10;                      // wrong values before the TPM locks itself
  std::chrono::seconds recovery{7200};           // one try is given back after so long
  std::chrono::seconds lockout_recovery{86400};  // after one wrong lockout authorization
};
Status set_lockout_parameters(Tpm& tpm, const TpmStorageKey& key, const Secret* lockout_auth,
                              const LockoutParameters& parameters);

// Not authenticated: for telling, never for deciding.
struct LockoutState {
  std::uint32_t used = 0;
  std::uint32_t allowed = 0;
  std::chrono::seconds recovery{0};
  std::chrono::seconds lockout_recovery{0};
  bool locked = false;
  bool owner_set = false;    // owner authorization is not empty
  bool lockout_set = false;  // lockout authorization is not empty

  [[nodiscard]] std::uint32_t left() const { return used < allowed ? allowed - used : 0; }
};
Result<LockoutState> lockout_state(Tpm& tpm);

// TPM2_DictionaryAttackLockReset: no wrong value counts any more. A wrong `lockout_auth` cannot be tried again before
// lockout_recovery has passed.
Status reset_lockout(Tpm& tpm, const TpmStorageKey& key, const Secret& lockout_auth);

}  // namespace ashlar
