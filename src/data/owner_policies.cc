#include "data/owner_policies.h"

#include "sys/tpm_authority.h"
#include "sys/tpm_rollback.h"

namespace ashlar {
namespace {

const std::vector<unsigned> kImagePcrs = {kPcrUki, kPcrUkiParameters, kPcrUkiExtensions};

SignedPolicy signed_policy(const RsaPublicKey& owner, std::string_view policy_ref, const Sha256Digest& approved,
                           const RsaSignature& signature) {
  return {.key = rsa2048_public_area(owner.modulus),
          .policy_ref = std::string(policy_ref),
          .approved = approved,
          .signature = Bytes(signature.begin(), signature.end())};
}

}  // namespace

UnsealSteps unseal_steps(const PcrSignature& signature, const RsaPublicKey& owner, const PcrValues& enrolled) {
  return {.image_pcrs = kImagePcrs,
          .rollback = {kRollbackHandle, RollbackIndex(owner.name()).name(), signature.epoch.bits_above()},
          .image = signed_policy(owner, kUnsealRef, signature.policies.unseal, signature.unseal),
          .enrolled = enrolled,
          .not_yet_unlocked = {{kPcrUnlockingEnded, {}}}};
}

SignedPolicy rollback_write_policy(const PcrSignature& signature, const RsaPublicKey& owner) {
  return signed_policy(owner, kRollbackWriteRef, signature.policies.write, signature.write);
}

SignedPolicy rollback_first_write_policy(const PcrSignature& signature, const RsaPublicKey& owner) {
  return signed_policy(owner, kRollbackWriteRef, signature.policies.first_write, signature.first_write);
}

Status prepare_rollback_index(Tpm& tpm, const TpmStorageKey& key, const Secret* owner_auth,
                              const PcrSignature& signature, const RsaPublicKey& owner) {
  RollbackIndex index(owner.name());
  std::optional<TpmName> present = TRY(TpmNvIndex::look(tpm, kRollbackHandle));
  if (present == index.name()) return {};
  if (present && present != index.name_before_first_write()) {
    return std::unexpected(Error("another owner's rollback index is in this TPM: clear the TPM in the firmware's setup")
                               .as(TpmFailure::rollback_index_wrong));
  }
  if (!present) TRY(define_nv_index(tpm, key, owner_auth, index.public_area()));
  return set_rollback_bits(tpm, key, kRollbackHandle, index.name_before_first_write(), 0, kImagePcrs,
                           rollback_first_write_policy(signature, owner));
}

Status retire_older_images(Tpm& tpm, const TpmStorageKey& key, const PcrSignature& signature,
                           const RsaPublicKey& owner) {
  RollbackIndex index(owner.name());
  std::uint64_t bits = TRY(read_rollback_bits(tpm, key, kRollbackHandle, index.name()));
  if ((bits & signature.epoch.bit()) != 0) return {};
  return set_rollback_bits(tpm, key, kRollbackHandle, index.name(), signature.epoch.bit(), kImagePcrs,
                           rollback_write_policy(signature, owner));
}

Result<std::optional<Error>> foreseeable_refusal(Tpm& tpm, const TpmStorageKey& key, const UnsealSteps& steps) {
  if (TRY(lockout_state(tpm)).locked) {
    return Error("the TPM is locked after too many wrong passwords").as(TpmFailure::locked_out);
  }
  // The same steps, in a session that nothing is done with: no authorization value is used, no try is lost.
  TpmSession session = TRY(TpmSession::start(tpm, key, TpmSession::Kind::policy));
  Status satisfied = satisfy(tpm, session, steps);
  if (satisfied) return std::nullopt;
  if (satisfied.error().kind<TpmFailure>() == TpmFailure::interrupted) return std::unexpected(satisfied.error());
  return std::move(satisfied).error();
}

}  // namespace ashlar
