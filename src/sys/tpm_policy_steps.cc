#include "sys/tpm_policy_steps.h"

#include "sys/tpm_rollback.h"

namespace ashlar {
namespace {

// The pcrDigest of PolicyPCR: the values one after the other, by number (Part 3, 23.7).
Sha256Digest digest_of_values(const PcrValues& values) {
  Sha256 hash;
  for (const auto& [pcr, value] : values) hash.update(value.bytes);
  return hash.finish();
}

// "PCR 0 and 7", of those whose present value is another one.
std::string different(Tpm& tpm, const PcrValues& wanted, const std::vector<unsigned>& pcrs) {
  Result<PcrValues> present = tpm.read_pcrs(pcrs);
  std::string names;
  for (const auto& [pcr, value] : wanted) {
    if (present && (*present)[pcr] == value) continue;
    names += (names.empty() ? "PCR " : ", ") + std::to_string(pcr);
  }
  return names.empty() ? "a PCR" : names;
}

Status policy_nv(Tpm& tpm, TpmSession& session, const RollbackStep& step) {
  TpmNvIndex index = TRY(TpmNvIndex::open(tpm, step.index, step.name));
  TPM2B_OPERAND operand{};
  Be64 bits = step.clear_bits;
  TRY(esys::fill(operand.size, operand.buffer, bytes_of(bits), "an operand"));
  Status done = esys::call("compare the rollback index", [&] {
    return Esys_PolicyNV(tpm.esys(), index.handle(), index.handle(), session.handle(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                         ESYS_TR_NONE, &operand, 0, TPM2_EO_BITCLEAR);
  });
  if (!done && done.error().kind<TpmFailure>() == TpmFailure::policy) {
    return std::unexpected(
        Error("this image was retired: a newer one has marked the TPM's rollback index").as(TpmFailure::image_retired));
  }
  return done;
}

Result<esys::Transient> load_signer(Tpm& tpm, ByteView key) {
  TPM2B_PUBLIC area{};
  area.publicArea = TRY(esys::unmarshal<TPMT_PUBLIC>(key, Tss2_MU_TPMT_PUBLIC_Unmarshal, "the owner's public key"));
  ESYS_TR loaded = ESYS_TR_NONE;
  // Under a hierarchy: a ticket of the null hierarchy is no proof to PolicyAuthorize.
  TRY(esys::call("load the owner's public key", [&] {
    return Esys_LoadExternal(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr, &area, ESYS_TR_RH_OWNER,
                             &loaded);
  }));
  return esys::Transient(tpm.esys(), loaded);
}

}  // namespace

Status policy_pcr(Tpm& tpm, TpmSession& session, const std::vector<unsigned>& pcrs) {
  TPML_PCR_SELECTION selection = TRY(esys::selection_of(pcrs));
  constexpr TPM2B_DIGEST kPresent{};
  return esys::call("bind to the image's PCRs", [&] {
    return Esys_PolicyPCR(tpm.esys(), session.handle(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &kPresent,
                          &selection);
  });
}

Status policy_pcr_equal(Tpm& tpm, TpmSession& session, const PcrValues& values, TpmFailure otherwise) {
  std::vector<unsigned> pcrs;
  for (const auto& [pcr, value] : values) pcrs.push_back(pcr);
  TPML_PCR_SELECTION selection = TRY(esys::selection_of(pcrs));
  TPM2B_DIGEST digest = esys::digest_of(digest_of_values(values));
  TSS2_RC code = TSS2_RC_SUCCESS;
  Status done = esys::call("bind to PCRs", [&] {
    code = Esys_PolicyPCR(tpm.esys(), session.handle(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest, &selection);
    return code;
  });
  if (!done && tpm_base_code(code) == TPM2_RC_VALUE) {
    return std::unexpected(Error(different(tpm, values, pcrs) + " of the TPM is not what was enrolled").as(otherwise));
  }
  return done;
}

Status policy_authorize(Tpm& tpm, TpmSession& session, const SignedPolicy& policy) {
  if (TRY(session.policy_digest()) != policy.approved) {
    return std::unexpected(Error("what started is not what the owner signed: PCR 11, 12 or 13 differs from the signed "
                                 "policy")
                               .as(TpmFailure::image_not_signed));
  }
  esys::Transient key = TRY(load_signer(tpm, policy.key));

  TPMT_SIGNATURE signature{};
  signature.sigAlg = TPM2_ALG_RSASSA;
  signature.signature.rsassa.hash = TPM2_ALG_SHA256;
  TPM2B_PUBLIC_KEY_RSA& number = signature.signature.rsassa.sig;
  TRY(esys::fill(number.size, number.buffer, policy.signature, "a signature"));
  TPM2B_DIGEST approval = esys::digest_of(sha256(policy_approval(policy.approved, as_bytes(policy.policy_ref))));
  TPMT_TK_VERIFIED* ticket = nullptr;
  TRY(esys::call("verify the owner's signature", [&] {
    return Esys_VerifySignature(tpm.esys(), key.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &approval, &signature,
                                &ticket);
  }));
  esys::Answer<TPMT_TK_VERIFIED> verified(ticket);

  TPM2B_NONCE reference{};
  TRY(esys::fill(reference.size, reference.buffer, as_bytes(policy.policy_ref), "a policy reference"));
  TPM2B_NAME name{};
  TRY(esys::fill(name.size, name.name, tpm_name(policy.key).bytes, "a name"));
  TPM2B_DIGEST approved = esys::digest_of(policy.approved);
  return esys::call("put the owner's signature in place", [&] {
    return Esys_PolicyAuthorize(tpm.esys(), session.handle(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &approved,
                                &reference, &name, verified.get());
  });
}

Status policy_auth_value(Tpm& tpm, TpmSession& session) {
  return esys::call("ask for the authorization value", [&] {
    return Esys_PolicyAuthValue(tpm.esys(), session.handle(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE);
  });
}

Status satisfy(Tpm& tpm, TpmSession& session, const UnsealSteps& steps) {
  TRY(policy_pcr(tpm, session, steps.image_pcrs));
  TRY(policy_nv(tpm, session, steps.rollback));
  TRY(policy_authorize(tpm, session, steps.image));
  if (!steps.enrolled.empty()) TRY(policy_pcr_equal(tpm, session, steps.enrolled, TpmFailure::firmware_changed));
  TRY(policy_pcr_equal(tpm, session, steps.not_yet_unlocked, TpmFailure::already_unlocked));
  return policy_auth_value(tpm, session);
}

}  // namespace ashlar
