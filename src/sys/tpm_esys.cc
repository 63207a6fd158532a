#include "sys/tpm_esys.h"

namespace ashlar::esys {

Result<Authorized> Authorized::with(ESYS_CONTEXT* context, ESYS_TR handle, const Secret* auth) {
  Wiped<TPM2B_AUTH> value;
  if (auth != nullptr) TRY(fill(value.value.size, value.value.buffer, auth->bytes(), "an authorization value"));
  Authorized authorized(context, handle);
  TRY(call("set an authorization value", [&] { return Esys_TR_SetAuth(context, handle, &value.value); }));
  return authorized;
}

Authorized::~Authorized() {
  if (handle_ == ESYS_TR_NONE) return;
  TPM2B_AUTH nothing{};
  nothing.size = sizeof nothing.buffer;  // overwrites what was there before it is forgotten
  Esys_TR_SetAuth(context_, handle_, &nothing);
  Esys_TR_SetAuth(context_, handle_, nullptr);
}

Result<TpmName> name_of(const TPM2B_PUBLIC& area) {
  if (area.publicArea.nameAlg != TPM2_ALG_SHA256) return fail("TPM: a key whose name is not a SHA-256");
  return tpm_name(TRY(marshal(area.publicArea, Tss2_MU_TPMT_PUBLIC_Marshal, "name a key")));
}

Result<TpmName> name_of(const TPM2B_NV_PUBLIC& area) {
  if (area.nvPublic.nameAlg != TPM2_ALG_SHA256) return fail("TPM: an NV index whose name is not a SHA-256");
  return tpm_name(TRY(marshal(area.nvPublic, Tss2_MU_TPMS_NV_PUBLIC_Marshal, "name an NV index")));
}

TPM2B_DIGEST digest_of(const Sha256Digest& digest) {
  TPM2B_DIGEST out{};
  out.size = static_cast<UINT16>(digest.bytes.size());
  std::ranges::copy(digest.bytes, out.buffer);
  return out;
}

Result<TPML_PCR_SELECTION> selection_of(const std::vector<unsigned>& pcrs) {
  TPML_PCR_SELECTION selection{};
  selection.count = 1;
  selection.pcrSelections[0].hash = TPM2_ALG_SHA256;
  selection.pcrSelections[0].sizeofSelect = 3;
  for (unsigned pcr : pcrs) {
    if (pcr > 23) return fail("TPM: there is no PCR " + std::to_string(pcr));
    selection.pcrSelections[0].pcrSelect[pcr / 8] |= static_cast<BYTE>(1U << (pcr % 8));
  }
  return selection;
}

}  // namespace ashlar::esys
