#include "sys/tpm_storage_key.h"

namespace ashlar {
namespace {

constexpr TPM2B_PUBLIC storage_template() {
  TPM2B_PUBLIC area{};
  TPMT_PUBLIC& key = area.publicArea;
  key.type = TPM2_ALG_ECC;
  key.nameAlg = TPM2_ALG_SHA256;
  key.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                         TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
  key.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_AES;
  key.parameters.eccDetail.symmetric.keyBits.aes = 128;
  key.parameters.eccDetail.symmetric.mode.aes = TPM2_ALG_CFB;
  key.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
  key.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
  key.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  key.unique.ecc.x.size = 32;  // zeros
  key.unique.ecc.y.size = 32;
  return area;
}

// Never closed before the connection is: some versions of libtss2 give one ESYS_TR to all who ask for a handle, and
// forget it when the first of them closes.
Result<ESYS_TR> find(Tpm& tpm, TPM2_HANDLE handle) {
  ESYS_TR found = ESYS_TR_NONE;
  TRY(esys::call("look for the storage root key", [&] {
    return Esys_TR_FromTPMPublic(tpm.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &found);
  }));
  return found;
}

Result<esys::Answer<TPM2B_PUBLIC>> read_public(Tpm& tpm, ESYS_TR key) {
  TPM2B_PUBLIC* area = nullptr;
  TRY(esys::call("read the storage root key", [&] {
    return Esys_ReadPublic(tpm.esys(), key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &area, nullptr, nullptr);
  }));
  return esys::Answer<TPM2B_PUBLIC>(area);
}

// The public area libtss2 holds for `key` is `area`: its serialised form ends in it (TSS 2.0 ESAPI gives no other way
// to ask). A form that changes one day fails here; it does not pass.
Result<bool> library_holds(Tpm& tpm, ESYS_TR key, const TPM2B_PUBLIC& area) {
  Bytes wanted = TRY(esys::marshal(area, Tss2_MU_TPM2B_PUBLIC_Marshal, "compare the storage root key"));
  std::uint8_t* serialised = nullptr;
  std::size_t size = 0;
  TRY(esys::call("compare the storage root key",
                 [&] { return Esys_TR_Serialize(tpm.esys(), key, &serialised, &size); }));
  std::unique_ptr<std::uint8_t, void (*)(void*)> owned(serialised, Esys_Free);
  return size >= wanted.size() &&
         std::ranges::equal(wanted, ByteView(serialised + size - wanted.size(), wanted.size()));
}

// Proves `owner_auth` without sending it. Not salted: there is no key yet to salt it to; the value is 32 random bytes,
// which cannot be guessed from an HMAC.
Result<esys::Transient> owner_session(Tpm& tpm) {
  constexpr TPMT_SYM_DEF kNone = {.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
  ESYS_TR session = ESYS_TR_NONE;
  TRY(esys::call("start a session", [&] {
    return Esys_StartAuthSession(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                 nullptr, TPM2_SE_HMAC, &kNone, TPM2_ALG_SHA256, &session);
  }));
  esys::Transient transient(tpm.esys(), session);
  TRY(esys::call("start a session",
                 [&] { return Esys_TRSess_SetAttributes(tpm.esys(), session, TPMA_SESSION_CONTINUESESSION, 0xff); }));
  return transient;
}

Error as_owned(Error error) {
  if (error.kind<TpmFailure>() != TpmFailure::wrong_auth) return error;
  return Error(
             "this TPM belongs to another system: its owner authorization is set. Clearing the TPM in the firmware's "
             "setup gives it up, with all that was sealed by it")
      .as(TpmFailure::owned);
}

}  // namespace

Result<TpmName> TpmStorageKey::establish(Tpm& tpm, const Secret* owner_auth) {
  esys::Authorized owner = TRY(esys::Authorized::with(tpm.esys(), ESYS_TR_RH_OWNER, owner_auth));
  esys::Transient session = TRY(owner_session(tpm));

  constexpr TPM2B_SENSITIVE_CREATE kNoAuth{};
  constexpr TPM2B_DATA kNoData{};
  constexpr TPML_PCR_SELECTION kNoPcrs{};
  const TPM2B_PUBLIC wanted = storage_template();
  ESYS_TR primary = ESYS_TR_NONE;
  TPM2B_PUBLIC* made = nullptr;
  Status created = esys::call("make the storage root key", [&] {
    return Esys_CreatePrimary(tpm.esys(), ESYS_TR_RH_OWNER, session.get(), ESYS_TR_NONE, ESYS_TR_NONE, &kNoAuth,
                              &wanted, &kNoData, &kNoPcrs, &primary, &made, nullptr, nullptr, nullptr);
  });
  if (!created) return std::unexpected(as_owned(std::move(created).error()));
  esys::Transient key(tpm.esys(), primary);
  esys::Answer<TPM2B_PUBLIC> area(made);
  TpmName name = TRY(esys::name_of(*area));

  Result<ESYS_TR> present = find(tpm, kHandle);
  if (!present) {
    // Nothing there, most likely; what else it may be shows at once.
    ESYS_TR persistent = ESYS_TR_NONE;
    TRY(esys::call("keep the storage root key", [&] {
      return Esys_EvictControl(tpm.esys(), ESYS_TR_RH_OWNER, key.get(), session.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                               kHandle, &persistent);
    }));
  } else if (TRY(esys::name_of(*TRY(read_public(tpm, *present)))) != name) {
    return std::unexpected(Error("another system keeps a key of its own where the TPM's storage root key belongs "
                                 "(handle 0x81000001). Clearing the TPM in the firmware's setup removes it")
                               .as(TpmFailure::other));
  }
  return name;
}

Result<TpmStorageKey> TpmStorageKey::open(Tpm& tpm, const TpmName& pinned) {
  Result<ESYS_TR> key = find(tpm, kHandle);
  if (!key) {
    Error error = std::move(key).error();
    if (error.kind<TpmFailure>() != TpmFailure::other) return std::unexpected(std::move(error));
    return std::unexpected(Error("the TPM was cleared: its storage root key is gone").as(TpmFailure::cleared));
  }
  esys::Answer<TPM2B_PUBLIC> area = TRY(read_public(tpm, *key));
  if (TRY(esys::name_of(*area)) != pinned) {
    return std::unexpected(
        Error("the TPM was cleared, or is another one: its storage root key is not the one this disk "
              "was set up with")
            .as(TpmFailure::cleared));
  }
  if (!TRY(library_holds(tpm, *key, *area))) {
    return std::unexpected(
        Error("TPM: it gave two different answers about its storage root key").as(TpmFailure::interrupted));
  }
  return TpmStorageKey(*key, pinned);
}

}  // namespace ashlar
