#include "sys/tpm_authority.h"

namespace ashlar {
namespace {

// Puts a command that needs owner's or lockout's authorization.
template <typename Command>
Status authorized(Tpm& tpm, const TpmStorageKey& key, TpmAuthority authority, const Secret* auth,
                  TpmSession::Encrypt encrypt, std::string_view what, Command command) {
  ESYS_TR hierarchy = authority == TpmAuthority::owner ? ESYS_TR_RH_OWNER : ESYS_TR_RH_LOCKOUT;
  TpmSession session = TRY(TpmSession::start(tpm, key, TpmSession::Kind::hmac));
  esys::Authorized authorized = TRY(esys::Authorized::with(tpm.esys(), hierarchy, auth));
  ESYS_TR with = TRY(session.use(encrypt));
  Status done = esys::call(what, [&] { return command(hierarchy, with); });
  if (!done && done.error().kind<TpmFailure>() == TpmFailure::wrong_auth) {
    return std::unexpected(Error("TPM: " + std::string(what) + ": the " +
                                 (authority == TpmAuthority::owner ? "owner" : "lockout") +
                                 " authorization is not the one this disk knows")
                               .as(TpmFailure::owned));
  }
  return done;
}

}  // namespace

Status change_authorization(Tpm& tpm, const TpmStorageKey& key, TpmAuthority authority, const Secret* present,
                            const Secret& next) {
  esys::Wiped<TPM2B_AUTH> value;
  if (next.bytes().size() > sizeof(Sha256Digest)) return fail("TPM: an authorization value has at most 32 bytes");
  TRY(esys::fill(value.value.size, value.value.buffer, next.bytes(), "an authorization value"));
  return authorized(tpm, key, authority, present, TpmSession::Encrypt::sent, "change an authorization",
                    [&](ESYS_TR hierarchy, ESYS_TR session) {
                      return Esys_HierarchyChangeAuth(tpm.esys(), hierarchy, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                                      &value.value);
                    });
}

Status set_lockout_parameters(Tpm& tpm, const TpmStorageKey& key, const Secret* lockout_auth,
                              const LockoutParameters& parameters) {
  return authorized(tpm, key, TpmAuthority::lockout, lockout_auth, TpmSession::Encrypt::nothing,
                    "set how many tries there are", [&](ESYS_TR hierarchy, ESYS_TR session) {
                      return Esys_DictionaryAttackParameters(tpm.esys(), hierarchy, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                                             parameters.tries,
                                                             static_cast<UINT32>(parameters.recovery.count()),
                                                             static_cast<UINT32>(parameters.lockout_recovery.count()));
                    });
}

Status reset_lockout(Tpm& tpm, const TpmStorageKey& key, const Secret& lockout_auth) {
  return authorized(tpm, key, TpmAuthority::lockout, &lockout_auth, TpmSession::Encrypt::nothing,
                    "clear the count of wrong values", [&](ESYS_TR hierarchy, ESYS_TR session) {
                      return Esys_DictionaryAttackLockReset(tpm.esys(), hierarchy, session, ESYS_TR_NONE, ESYS_TR_NONE);
                    });
}

Result<LockoutState> lockout_state(Tpm& tpm) {
  TPMS_CAPABILITY_DATA* data = nullptr;
  constexpr UINT32 kProperties = TPM2_PT_LOCKOUT_RECOVERY - TPM2_PT_PERMANENT + 1;
  TRY(esys::call("ask for its lockout state", [&] {
    return Esys_GetCapability(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
                              TPM2_PT_PERMANENT, kProperties, nullptr, &data);
  }));
  esys::Answer<TPMS_CAPABILITY_DATA> answer(data);
  const TPML_TAGGED_TPM_PROPERTY& list = answer->data.tpmProperties;
  LockoutState state;
  unsigned seen = 0;
  for (UINT32 i = 0; i < list.count; ++i) {
    const TPMS_TAGGED_PROPERTY& property = list.tpmProperty[i];
    ++seen;
    switch (property.property) {
      case TPM2_PT_PERMANENT:
        state.owner_set = (property.value & TPMA_PERMANENT_OWNERAUTHSET) != 0;
        state.lockout_set = (property.value & TPMA_PERMANENT_LOCKOUTAUTHSET) != 0;
        state.locked = (property.value & TPMA_PERMANENT_INLOCKOUT) != 0;
        break;
      case TPM2_PT_LOCKOUT_COUNTER:
        state.used = property.value;
        break;
      case TPM2_PT_MAX_AUTH_FAIL:
        state.allowed = property.value;
        break;
      case TPM2_PT_LOCKOUT_INTERVAL:
        state.recovery = std::chrono::seconds(property.value);
        break;
      case TPM2_PT_LOCKOUT_RECOVERY:
        state.lockout_recovery = std::chrono::seconds(property.value);
        break;
      default:
        --seen;
    }
  }
  if (seen != 5) return std::unexpected(Error("TPM: it does not say whether it is locked").as(TpmFailure::other));
  return state;
}

}  // namespace ashlar
