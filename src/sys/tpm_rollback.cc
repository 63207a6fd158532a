#include "sys/tpm_rollback.h"

namespace ashlar {
namespace {

struct Found {
  esys::Permanent index;
  TpmName name;
};

// What is under `handle`; nullopt when nothing is.
Result<std::optional<Found>> find(Tpm& tpm, std::uint32_t handle) {
  ESYS_TR found = ESYS_TR_NONE;
  TSS2_RC code = TSS2_RC_SUCCESS;
  Status done = esys::call("look for the rollback index", [&] {
    code = Esys_TR_FromTPMPublic(tpm.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &found);
    return code;
  });
  if (!done && tpm_base_code(code) == TPM2_RC_HANDLE) return std::nullopt;
  TRY(std::move(done));
  esys::Permanent index(tpm.esys(), found);
  TPM2B_NV_PUBLIC* area = nullptr;
  TRY(esys::call("read what the rollback index is", [&] {
    return Esys_NV_ReadPublic(tpm.esys(), found, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &area, nullptr);
  }));
  esys::Answer<TPM2B_NV_PUBLIC> answer(area);
  TpmName name = TRY(esys::name_of(*answer));
  return Found{std::move(index), name};
}

Status owned_if_wrong(Status done) {
  if (done || done.error().kind<TpmFailure>() != TpmFailure::wrong_auth) return done;
  return std::unexpected(Error("the TPM's owner authorization is not the one this disk knows").as(TpmFailure::owned));
}

}  // namespace

Result<std::optional<TpmName>> TpmNvIndex::look(Tpm& tpm, std::uint32_t handle) {
  std::optional<Found> found = TRY(find(tpm, handle));
  if (!found) return std::nullopt;
  return found->name;
}

Result<TpmNvIndex> TpmNvIndex::open(Tpm& tpm, std::uint32_t handle, const TpmName& wanted) {
  std::optional<Found> found = TRY(find(tpm, handle));
  if (!found) {
    return std::unexpected(Error("the TPM's rollback index is gone: the TPM was cleared, or somebody removed the index")
                               .as(TpmFailure::rollback_index_wrong));
  }
  if (found->name != wanted) {
    return std::unexpected(Error("the TPM's rollback index is another one than was set up, or was never written")
                               .as(TpmFailure::rollback_index_wrong));
  }
  return TpmNvIndex(std::move(found->index));
}

Status define_nv_index(Tpm& tpm, const TpmStorageKey& key, const Secret* owner_auth, ByteView public_area) {
  TPM2B_NV_PUBLIC area{};
  area.nvPublic = TRY(esys::unmarshal<TPMS_NV_PUBLIC>(public_area, Tss2_MU_TPMS_NV_PUBLIC_Unmarshal,
                                                      "the rollback index's public area"));
  area.size = static_cast<UINT16>(public_area.size());
  esys::Authorized owner = TRY(esys::Authorized::with(tpm.esys(), ESYS_TR_RH_OWNER, owner_auth));
  TpmSession session = TRY(TpmSession::start(tpm, key, TpmSession::Kind::hmac));
  ESYS_TR with = TRY(session.use(TpmSession::Encrypt::nothing));
  constexpr TPM2B_AUTH kNoAuth{};
  ESYS_TR defined = ESYS_TR_NONE;
  TRY(owned_if_wrong(esys::call("make the rollback index", [&] {
    return Esys_NV_DefineSpace(tpm.esys(), ESYS_TR_RH_OWNER, with, ESYS_TR_NONE, ESYS_TR_NONE, &kNoAuth, &area,
                               &defined);
  })));
  esys::Permanent close(tpm.esys(), defined);
  return {};
}

Status undefine_nv_index(Tpm& tpm, const TpmStorageKey& key, const Secret* owner_auth, std::uint32_t handle) {
  std::optional<Found> found = TRY(find(tpm, handle));
  if (!found) return {};
  esys::Authorized owner = TRY(esys::Authorized::with(tpm.esys(), ESYS_TR_RH_OWNER, owner_auth));
  TpmSession session = TRY(TpmSession::start(tpm, key, TpmSession::Kind::hmac));
  ESYS_TR with = TRY(session.use(TpmSession::Encrypt::nothing));
  return owned_if_wrong(esys::call("remove the rollback index", [&] {
    return Esys_NV_UndefineSpace(tpm.esys(), ESYS_TR_RH_OWNER, found->index.get(), with, ESYS_TR_NONE, ESYS_TR_NONE);
  }));
}

Result<std::uint64_t> read_rollback_bits(Tpm& tpm, const TpmStorageKey& key, std::uint32_t handle,
                                         const TpmName& name) {
  TpmNvIndex index = TRY(TpmNvIndex::open(tpm, handle, name));
  // A session, so that nobody on the bus changes the answer.
  TpmSession session = TRY(TpmSession::start(tpm, key, TpmSession::Kind::hmac));
  ESYS_TR with = TRY(session.use(TpmSession::Encrypt::answer));
  TPM2B_MAX_NV_BUFFER* data = nullptr;
  TRY(esys::call("read the rollback index", [&] {
    return Esys_NV_Read(tpm.esys(), index.handle(), index.handle(), with, ESYS_TR_NONE, ESYS_TR_NONE, sizeof(Be64), 0,
                        &data);
  }));
  esys::Answer<TPM2B_MAX_NV_BUFFER> answer(data);
  if (answer->size != sizeof(Be64)) return std::unexpected(tpm_error("read the rollback index", TSS2_SYS_RC_BAD_SIZE));
  Be64 bits;
  std::memcpy(&bits, answer->buffer, sizeof bits);
  return bits;
}

Status set_rollback_bits(Tpm& tpm, const TpmStorageKey& key, std::uint32_t handle, const TpmName& name,
                         std::uint64_t bits, const std::vector<unsigned>& image_pcrs, const SignedPolicy& policy) {
  TpmNvIndex index = TRY(TpmNvIndex::open(tpm, handle, name));
  TpmSession session = TRY(TpmSession::start(tpm, key, TpmSession::Kind::policy));
  TRY(policy_pcr(tpm, session, image_pcrs));
  TPM2B_DIGEST command = esys::digest_of(nv_set_bits_cp_hash(name, name, bits));
  TRY(esys::call("bind to one command", [&] {
    return Esys_PolicyCpHash(tpm.esys(), session.handle(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &command);
  }));
  TRY(policy_authorize(tpm, session, policy));
  ESYS_TR with = TRY(session.use(TpmSession::Encrypt::nothing));
  return esys::call("write the rollback index", [&] {
    return Esys_NV_SetBits(tpm.esys(), index.handle(), index.handle(), with, ESYS_TR_NONE, ESYS_TR_NONE, bits);
  });
}

}  // namespace ashlar
