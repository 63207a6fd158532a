// Satisfying policies: what a session must go through, in which order, and what it means when a step fails.
#pragma once

#include "sys/tpm_session.h"

namespace ashlar {

// A policy that the owner's PCR key signed.
struct SignedPolicy {
  Bytes key;               // the signer's TPMT_PUBLIC, RSA; its name is part of what was sealed or defined
  std::string policy_ref;  // what the signature is for
  Sha256Digest approved;   // the digest that was signed: of the steps before PolicyAuthorize
  Bytes signature;         // RSASSA with SHA-256 over approved and policy_ref
};

// PolicyNV: the rollback index has every bit of `clear_bits` clear. Compared as 8 bytes from offset 0, most significant
// first.
struct RollbackStep {
  std::uint32_t index;  // handle
  TpmName name;         // what it is called once written
  std::uint64_t clear_bits;
};

// All of what /data's secret asks for, in this order. PolicyAuthorize replaces what came before it, so what the owner
// signs comes first.
struct UnsealSteps {
  std::vector<unsigned> image_pcrs = {11, 12, 13};  // PolicyPCR over their present values
  RollbackStep rollback;                            // PolicyNV, TPM_EO_BITCLEAR
  SignedPolicy image;                               // PolicyAuthorize
  PcrValues enrolled;                               // PolicyPCR: firmware and Secure Boot; empty: no such step
  PcrValues not_yet_unlocked = {{15, {}}};          // PolicyPCR: zero until PID 1 extends it
  // PolicyAuthValue ends it.
};

// PolicyPCR over present values: what they must be is decided by what follows.
Status policy_pcr(Tpm& tpm, TpmSession& session, const std::vector<unsigned>& pcrs);
// PolicyPCR over these values. When the registers differ it fails as `otherwise`, and says which do.
Status policy_pcr_equal(Tpm& tpm, TpmSession& session, const PcrValues& values, TpmFailure otherwise);
// PolicyAuthorize. Fails as image_not_signed when the session did not go through what was signed, or the signature is
// not by this key.
Status policy_authorize(Tpm& tpm, TpmSession& session, const SignedPolicy& policy);

// PolicyAuthValue: the object's authorization value will be asked for.
Status policy_auth_value(Tpm& tpm, TpmSession& session);

// Goes through all steps. Nothing here costs a try: the authorization value is only used by the command that follows.
Status satisfy(Tpm& tpm, TpmSession& session, const UnsealSteps& steps);

}  // namespace ashlar
