// The rollback index in the TPM's NV memory: what src/format/rollback.h computes the name of, made, read and written.
#pragma once

#include "sys/tpm_policy_steps.h"

namespace ashlar {

// An NV index that exists under a handle, and has exactly the name that was wanted. The name is the one we compute over
// what the TPM says of the index.
class TpmNvIndex {
 public:
  // Errors: none there, or another one (rollback_index_wrong).
  static Result<TpmNvIndex> open(Tpm& tpm, std::uint32_t handle, const TpmName& wanted);
  // The name of what is there; nullopt when nothing is.
  static Result<std::optional<TpmName>> look(Tpm& tpm, std::uint32_t handle);

  [[nodiscard]] ESYS_TR handle() const { return index_.get(); }

 private:
  explicit TpmNvIndex(esys::Permanent index) : index_(std::move(index)) {}
  esys::Permanent index_;
};

// Makes the index of this TPMS_NV_PUBLIC, readable with the empty value. Errors: nv_full; it is there already (other);
// the owner's authorization is another one (owned).
Status define_nv_index(Tpm& tpm, const TpmStorageKey& key, const Secret* owner_auth, ByteView public_area);
// Removes an index; set-up may find one of an older installation.
Status undefine_nv_index(Tpm& tpm, const TpmStorageKey& key, const Secret* owner_auth, std::uint32_t handle);

// The bits, most significant byte first as stored. `name`: as written at least once.
Result<std::uint64_t> read_rollback_bits(Tpm& tpm, const TpmStorageKey& key, std::uint32_t handle, const TpmName& name);

// Sets bits (none, on the index nobody has written yet, whose name is then the one before the first write), for which
// `policy` was signed: PolicyPCR(`image_pcrs`), PolicyCpHash of exactly this command, PolicyAuthorize.
Status set_rollback_bits(Tpm& tpm, const TpmStorageKey& key, std::uint32_t handle, const TpmName& name,
                         std::uint64_t bits, const std::vector<unsigned>& image_pcrs, const SignedPolicy& policy);

}  // namespace ashlar
