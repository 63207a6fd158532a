#include "sys/tpm_seal.h"

namespace ashlar {
namespace {

Result<esys::Transient> load(Tpm& tpm, const TpmStorageKey& key, const SealedBlobs& blobs) {
  TPM2B_PUBLIC area = TRY(esys::unmarshal<TPM2B_PUBLIC>(blobs.public_area, Tss2_MU_TPM2B_PUBLIC_Unmarshal,
                                                        "the sealed secret's public part"));
  TPM2B_PRIVATE sealed = TRY(esys::unmarshal<TPM2B_PRIVATE>(blobs.private_area, Tss2_MU_TPM2B_PRIVATE_Unmarshal,
                                                            "the sealed secret's private part"));
  TpmSession session = TRY(TpmSession::start(tpm, key, TpmSession::Kind::hmac));
  ESYS_TR with = TRY(session.use(TpmSession::Encrypt::both));
  ESYS_TR loaded = ESYS_TR_NONE;
  TRY(esys::call("load the sealed secret", [&] {
    return Esys_Load(tpm.esys(), key.handle(), with, ESYS_TR_NONE, ESYS_TR_NONE, &sealed, &area, &loaded);
  }));
  return esys::Transient(tpm.esys(), loaded);
}

}  // namespace

Result<SealedBlobs> seal(Tpm& tpm, const TpmStorageKey& key, const Secret& secret, const Secret& auth,
                         const Sha256Digest& policy) {
  TPM2B_PUBLIC area{};
  area.publicArea.type = TPM2_ALG_KEYEDHASH;
  area.publicArea.nameAlg = TPM2_ALG_SHA256;
  // No userWithAuth: the policy is the only way in. No noDA: wrong values count.
  area.publicArea.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_ADMINWITHPOLICY;
  area.publicArea.authPolicy = esys::digest_of(policy);
  area.publicArea.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;

  esys::Wiped<TPM2B_SENSITIVE_CREATE> sensitive;
  TPM2B_SENSITIVE_DATA& data = sensitive.value.sensitive.data;
  TPM2B_AUTH& value = sensitive.value.sensitive.userAuth;
  if (auth.bytes().size() > sizeof(Sha256Digest)) return fail("TPM: an authorization value has at most 32 bytes");
  TRY(esys::fill(data.size, data.buffer, secret.bytes(), "a secret"));
  TRY(esys::fill(value.size, value.buffer, auth.bytes(), "an authorization value"));

  TpmSession session = TRY(TpmSession::start(tpm, key, TpmSession::Kind::hmac));
  ESYS_TR with = TRY(session.use(TpmSession::Encrypt::both));
  constexpr TPM2B_DATA kNoData{};
  constexpr TPML_PCR_SELECTION kNoPcrs{};
  TPM2B_PRIVATE* private_area = nullptr;
  TPM2B_PUBLIC* public_area = nullptr;
  TRY(esys::call("seal the secret", [&] {
    return Esys_Create(tpm.esys(), key.handle(), with, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive.value, &area, &kNoData,
                       &kNoPcrs, &private_area, &public_area, nullptr, nullptr, nullptr);
  }));
  esys::Answer<TPM2B_PRIVATE> private_owner(private_area);
  esys::Answer<TPM2B_PUBLIC> public_owner(public_area);
  SealedBlobs blobs;
  blobs.public_area = TRY(esys::marshal(*public_area, Tss2_MU_TPM2B_PUBLIC_Marshal, "store the sealed secret"));
  blobs.private_area = TRY(esys::marshal(*private_area, Tss2_MU_TPM2B_PRIVATE_Marshal, "store the sealed secret"));
  return blobs;
}

Result<Secret> unseal_with(Tpm& tpm, const TpmStorageKey& key, const SealedBlobs& blobs, const Secret& auth,
                           const std::function<Status(TpmSession&)>& satisfy_policy) {
  esys::Transient object = TRY(load(tpm, key, blobs));
  TpmSession session = TRY(TpmSession::start(tpm, key, TpmSession::Kind::policy));
  TRY(satisfy_policy(session));

  esys::Authorized authorized = TRY(esys::Authorized::with(tpm.esys(), object.get(), &auth));
  ESYS_TR with = TRY(session.use(TpmSession::Encrypt::answer));
  TPM2B_SENSITIVE_DATA* data = nullptr;
  TRY(esys::call("unseal",
                 [&] { return Esys_Unseal(tpm.esys(), object.get(), with, ESYS_TR_NONE, ESYS_TR_NONE, &data); }));
  esys::Answer<TPM2B_SENSITIVE_DATA> answer(data);
  Result<Secret> secret = Secret::copy_of({answer->buffer, answer->size});
  // libtss2 decrypted the answer in its own buffer; the next answer overwrites it.
  TRY(tpm.read_pcrs({0, 1}));
  return secret;
}

Result<Secret> unseal(Tpm& tpm, const TpmStorageKey& key, const SealedBlobs& blobs, const Secret& auth,
                      const UnsealSteps& steps) {
  return unseal_with(tpm, key, blobs, auth, [&](TpmSession& session) { return satisfy(tpm, session, steps); });
}

}  // namespace ashlar
