// The TPM 2.0 of this machine, through libtss2-esys (TCG TSS 2.0 Enhanced System API, 1.00).
//
// Roles, each in a file of its own: tpm_storage_key (under which things are sealed), tpm_session (salted, encrypted),
// tpm_seal, tpm_policy_steps, tpm_rollback, tpm_authority (owner, lockout). Errors carry a TpmFailure.
//
// libtss2-esys keeps copies of authorization values and of the last answer on the ordinary heap. What can be
// overwritten is, and programs that use this hold nothing else in memory and end soon.
#pragma once

#include <memory>
#include <string>

#include "base/secret.h"
#include "format/pcr_values.h"
#include "sys/tpm_failure.h"

struct TSS2_TCTI_OPAQUE_CONTEXT_BLOB;
struct ESYS_CONTEXT;

namespace ashlar {

// The way to a TPM (TSS 2.0 TCTI API). Freed with free() after its own finalize function.
struct TctiRelease {
  void operator()(TSS2_TCTI_OPAQUE_CONTEXT_BLOB* tcti) const;
};
using Tcti = std::unique_ptr<TSS2_TCTI_OPAQUE_CONTEXT_BLOB, TctiRelease>;

class Tpm {
 public:
  // The kernel's resource manager: what a program left behind goes when it ends.
  static constexpr const char* kDevice = "/dev/tpmrm0";

  static Result<Tpm> open(const std::string& device = kDevice);
  static Result<Tpm> over(Tcti tcti);

  // The SHA-256 bank. Not authenticated: for telling why, never for deciding.
  Result<PcrValues> read_pcrs(const std::vector<unsigned>& pcrs);
  Status extend_pcr(unsigned pcr, const Sha256Digest& digest);
  // `size` at most 1024. To be mixed with the kernel's: whoever sits on the bus can read and change it.
  Result<Bytes> random_bytes(std::size_t size);
  // TPM2_Shutdown(CLEAR): the next start is orderly, and costs no try, if nothing changes the TPM's state after it.
  Status shutdown();

  [[nodiscard]] ESYS_CONTEXT* esys() const { return esys_.get(); }

 private:
  struct EsysRelease {
    void operator()(ESYS_CONTEXT* context) const;
  };
  using Esys = std::unique_ptr<ESYS_CONTEXT, EsysRelease>;
  Tpm(Tcti tcti, Esys esys) : tcti_(std::move(tcti)), esys_(std::move(esys)) {}

  Tcti tcti_;
  Esys esys_;  // goes first
};

}  // namespace ashlar
