#include "sys/tpm.h"

#include <tss2/tss2_tcti_device.h>
#include <unistd.h>

#include <cstdlib>

#include "sys/tpm_esys.h"

#ifdef __clang__
#define ASHLAR_CALLS_A_LIBRARYS_POINTER __attribute__((no_sanitize("cfi-icall")))
#else
#define ASHLAR_CALLS_A_LIBRARYS_POINTER
#endif

namespace ashlar {

// The macro calls what the module wrote into its context: a function that control-flow integrity does not know.
ASHLAR_CALLS_A_LIBRARYS_POINTER void TctiRelease::operator()(TSS2_TCTI_CONTEXT* tcti) const {
  Tss2_Tcti_Finalize(tcti);
  std::free(tcti);
}

void Tpm::EsysRelease::operator()(ESYS_CONTEXT* context) const { Esys_Finalize(&context); }

Result<Tpm> Tpm::open(const std::string& device) {
  if (::access(device.c_str(), F_OK) != 0) {
    return std::unexpected(Error("this machine shows no TPM 2.0: " + device + " is not there").as(TpmFailure::absent));
  }
  std::size_t size = 0;
  TSS2_RC code = Tss2_Tcti_Device_Init(nullptr, &size, nullptr);
  if (code != TSS2_RC_SUCCESS) return std::unexpected(tpm_error("open " + device, code));
  // The module itself says how large its context is. Not released through Tcti before it was initialised.
  auto* memory = static_cast<TSS2_TCTI_CONTEXT*>(std::calloc(1, size));
  if (memory == nullptr) return fail("TPM: out of memory");
  code = Tss2_Tcti_Device_Init(memory, &size, device.c_str());
  if (code != TSS2_RC_SUCCESS) {
    std::free(memory);
    return std::unexpected(tpm_error("open " + device, code).as(TpmFailure::absent));
  }
  return over(Tcti(memory));
}

Result<Tpm> Tpm::over(Tcti tcti) {
  // libtss2 writes every refusal to standard error; here they come back as errors, told once by the program.
  ::setenv("TSS2_LOG", "all+NONE", 0);
  ESYS_CONTEXT* context = nullptr;
  TSS2_RC code = Esys_Initialize(&context, tcti.get(), nullptr);
  if (code != TSS2_RC_SUCCESS) return std::unexpected(tpm_error("start libtss2-esys", code));
  return Tpm(std::move(tcti), Esys(context));
}

Result<PcrValues> Tpm::read_pcrs(const std::vector<unsigned>& pcrs) {
  PcrValues values;
  for (unsigned pcr : pcrs) {  // one at a time: a TPM may answer fewer than it was asked for
    TPML_PCR_SELECTION selection = TRY(esys::selection_of({pcr}));
    TPML_DIGEST* digests = nullptr;
    TRY(esys::call("read PCR " + std::to_string(pcr), [&] {
      return Esys_PCR_Read(esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &selection, nullptr, nullptr, &digests);
    }));
    esys::Answer<TPML_DIGEST> answer(digests);
    Sha256Digest value;
    if (answer->count != 1 || answer->digests[0].size != value.bytes.size()) {
      return std::unexpected(
          Error("TPM: PCR " + std::to_string(pcr) + " is not kept as SHA-256").as(TpmFailure::other));
    }
    std::ranges::copy_n(answer->digests[0].buffer, value.bytes.size(), value.bytes.begin());
    values.emplace(pcr, value);
  }
  return values;
}

Status Tpm::extend_pcr(unsigned pcr, const Sha256Digest& digest) {
  TPML_DIGEST_VALUES values{};
  values.count = 1;
  values.digests[0].hashAlg = TPM2_ALG_SHA256;
  std::ranges::copy(digest.bytes, values.digests[0].digest.sha256);
  if (pcr > 23) return fail("TPM: there is no PCR " + std::to_string(pcr));
  return esys::call("extend PCR " + std::to_string(pcr), [&] {
    return Esys_PCR_Extend(esys(), ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &values);
  });
}

Result<Bytes> Tpm::random_bytes(std::size_t size) {
  if (size > 1024) return fail_misuse("TPM: at most 1024 random bytes at a time");
  Bytes bytes;
  while (bytes.size() < size) {
    TPM2B_DIGEST* piece = nullptr;
    auto wanted = static_cast<UINT16>(std::min<std::size_t>(size - bytes.size(), 32));
    TRY(esys::call("random bytes",
                   [&] { return Esys_GetRandom(esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, wanted, &piece); }));
    esys::Answer<TPM2B_DIGEST> answer(piece);
    if (answer->size == 0 || answer->size > wanted)
      return std::unexpected(tpm_error("random bytes", TSS2_SYS_RC_BAD_SIZE));
    append(bytes, {answer->buffer, answer->size});
  }
  return bytes;
}

Status Tpm::shutdown() {
  return esys::call("shut down",
                    [&] { return Esys_Shutdown(esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_SU_CLEAR); });
}

}  // namespace ashlar
