#include "sys/tpm_session.h"

namespace ashlar {

Result<TpmSession> TpmSession::start(Tpm& tpm, const TpmStorageKey& key, Kind kind) {
  constexpr TPMT_SYM_DEF kAes128Cfb = {
      .algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
  TPM2_SE type = kind == Kind::hmac ? TPM2_SE_HMAC : kind == Kind::policy ? TPM2_SE_POLICY : TPM2_SE_TRIAL;
  ESYS_TR session = ESYS_TR_NONE;
  TRY(esys::call("start a session", [&] {
    return Esys_StartAuthSession(tpm.esys(), key.handle(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                 nullptr, type, &kAes128Cfb, TPM2_ALG_SHA256, &session);
  }));
  return TpmSession(tpm.esys(), esys::Transient(tpm.esys(), session));
}

Result<ESYS_TR> TpmSession::use(Encrypt encrypt) {
  TPMA_SESSION attributes = TPMA_SESSION_CONTINUESESSION;
  if (encrypt == Encrypt::sent || encrypt == Encrypt::both) attributes |= TPMA_SESSION_DECRYPT;    // by the TPM
  if (encrypt == Encrypt::answer || encrypt == Encrypt::both) attributes |= TPMA_SESSION_ENCRYPT;  // by the TPM
  TRY(esys::call("set up a session",
                 [&] { return Esys_TRSess_SetAttributes(context_, session_.get(), attributes, 0xff); }));
  return session_.get();
}

Result<Sha256Digest> TpmSession::policy_digest() {
  TPM2B_DIGEST* digest = nullptr;
  TRY(esys::call("read a policy's digest", [&] {
    return Esys_PolicyGetDigest(context_, session_.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest);
  }));
  esys::Answer<TPM2B_DIGEST> answer(digest);
  Sha256Digest value;
  if (answer->size != value.bytes.size())
    return std::unexpected(tpm_error("read a policy's digest", TSS2_SYS_RC_BAD_SIZE));
  std::ranges::copy_n(answer->buffer, value.bytes.size(), value.bytes.begin());
  return value;
}

}  // namespace ashlar
