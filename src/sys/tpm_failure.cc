#include "sys/tpm_failure.h"

#include <tss2/tss2_common.h>
#include <tss2/tss2_tpm2_types.h>

#include <array>

#include "base/bytes.h"

namespace ashlar {
namespace {

struct Words {
  std::uint32_t code;
  TpmFailure failure;
  std::string_view words;
};

constexpr std::array kWords = {
    Words{TPM2_RC_AUTH_FAIL, TpmFailure::wrong_auth, "the authorization value is wrong, and the TPM counted it"},
    Words{TPM2_RC_BAD_AUTH, TpmFailure::wrong_auth, "the authorization value is wrong"},
    Words{TPM2_RC_LOCKOUT, TpmFailure::locked_out, "the TPM is locked after too many wrong values"},
    Words{TPM2_RC_POLICY_FAIL, TpmFailure::policy, "the policy of the object is another one"},
    Words{TPM2_RC_POLICY, TpmFailure::policy, "a policy's condition does not hold"},
    Words{TPM2_RC_PCR_CHANGED, TpmFailure::policy, "a PCR changed while the policy was being put together"},
    Words{TPM2_RC_NV_SPACE, TpmFailure::nv_full, "its memory is full"},
    Words{TPM2_RC_NV_DEFINED, TpmFailure::other, "it is there already"},
    Words{TPM2_RC_NV_UNINITIALIZED, TpmFailure::rollback_index_wrong, "it was never written"},
    Words{TPM2_RC_INTEGRITY, TpmFailure::damaged, "not made by this key, or altered"},
    Words{TPM2_RC_SIGNATURE, TpmFailure::image_not_signed, "the signature is not by this key over this policy"},
    Words{TPM2_RC_HANDLE, TpmFailure::other, "there is nothing under this handle"},
    Words{TPM2_RC_FAILURE, TpmFailure::absent, "the TPM failed its own test; only a restart helps"},
    Words{TPM2_RC_INITIALIZE, TpmFailure::absent, "the TPM was not started by the firmware"},
};

std::string hex_of(std::uint32_t code) { return "0x" + to_hex(bytes_of(Be32(code))); }

}  // namespace

std::uint32_t tpm_base_code(std::uint32_t code) {
  code &= ~TSS2_RC_LAYER_MASK;
  return (code & TPM2_RC_FMT1) != 0 ? code & 0xbfU : code;
}

Error tpm_error(std::string_view command, std::uint32_t code) {
  std::string what = "TPM: " + std::string(command) + ": ";
  std::uint32_t layer = code & TSS2_RC_LAYER_MASK;
  if (layer == TSS2_TCTI_RC_LAYER || (layer == TSS2_SYS_RC_LAYER) || (layer == TSS2_MU_RC_LAYER)) {
    return Error(what + "it stopped answering, or its answer makes no sense (" + hex_of(code) + ")")
        .as(TpmFailure::interrupted);
  }
  if (layer == TSS2_ESAPI_RC_LAYER) {
    switch (code & ~TSS2_RC_LAYER_MASK) {
      case TSS2_BASE_RC_RSP_AUTH_FAILED:  // the answer's HMAC
      case TSS2_BASE_RC_MALFORMED_RESPONSE:
        return Error(what + "its answer was altered on the way (" + hex_of(code) + ")").as(TpmFailure::interrupted);
      case TSS2_BASE_RC_BAD_SEQUENCE:  // an earlier command has not ended
        return Error(what + "it stopped answering before (" + hex_of(code) + ")").as(TpmFailure::interrupted);
      default:
        return Error(what + "libtss2-esys refuses (" + hex_of(code) + ")").as(TpmFailure::other);
    }
  }
  std::uint32_t base = tpm_base_code(code);
  for (const Words& words : kWords) {
    if (words.code == base) return Error(what + std::string(words.words) + " (" + hex_of(code) + ")").as(words.failure);
  }
  return Error(what + "refused (" + hex_of(code) + ")").as(TpmFailure::other);
}

}  // namespace ashlar
