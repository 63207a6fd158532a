#include "data/tpm_preparation.h"

#include "data/owner_policies.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_rollback.h"

namespace ashlar {

Result<TpmStorageKey> prepare_tpm(Tpm& tpm, const SignedImage& image, const TpmAuthorities* known) {
  LockoutState state = TRY(lockout_state(tpm));
  if (known == nullptr && (state.owner_set || state.lockout_set)) {
    return std::unexpected(
        Error("this TPM belongs to another system, or to an earlier one on this machine").as(TpmFailure::owned));
  }
  const Secret* owner = state.owner_set ? &known->owner : nullptr;
  const Secret* lockout = state.lockout_set ? &known->lockout : nullptr;
  // Who does not know the owner's authorization ends here, before a wrong lockout authorization can do harm.
  TpmName name = TRY(TpmStorageKey::establish(tpm, owner));
  TpmStorageKey key = TRY(TpmStorageKey::open(tpm, name));
  TRY(set_lockout_parameters(tpm, key, lockout, {}));

  Status prepared = prepare_rollback_index(tpm, key, owner, image.signature, image.owner);
  if (!prepared && prepared.error().kind<TpmFailure>() == TpmFailure::rollback_index_wrong) {
    // Of another owner key. Who may remove it has the owner's authorization, or the TPM has no owner.
    TRY(undefine_nv_index(tpm, key, owner, kRollbackHandle));
    prepared = prepare_rollback_index(tpm, key, owner, image.signature, image.owner);
  }
  TRY(std::move(prepared));
  return key;
}

Status look_after_tpm(Tpm& tpm, const TpmStorageKey& key, const TpmAuthorities& authorities) {
  LockoutState state = TRY(lockout_state(tpm));
  if (!state.owner_set) TRY(change_authorization(tpm, key, TpmAuthority::owner, nullptr, authorities.owner));
  if (!state.lockout_set) TRY(change_authorization(tpm, key, TpmAuthority::lockout, nullptr, authorities.lockout));
  return state.used == 0 ? Status{} : reset_lockout(tpm, key, authorities.lockout);
}

}  // namespace ashlar
