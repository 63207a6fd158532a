#include "sys/tpm_tcti.h"

#include <tss2/tss2_tcti.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace ashlar {
namespace {

// The first member is what libtss2 looks at.
struct FunctionTcti {
  TSS2_TCTI_CONTEXT_COMMON_CURRENT common{};
  TpmExchange exchange;
  Bytes pending;  // an answer that is ready
  bool cut = false;
};
FunctionTcti& of(TSS2_TCTI_CONTEXT* context) { return *reinterpret_cast<FunctionTcti*>(context); }

TSS2_RC transmit(TSS2_TCTI_CONTEXT* context, std::size_t size, const std::uint8_t* bytes) {
  FunctionTcti& tcti = of(context);
  if (tcti.cut) return TSS2_TCTI_RC_IO_ERROR;
  std::optional<Bytes> answer = tcti.exchange(Bytes(bytes, bytes + size));
  // What is cut in the middle of a command is noticed by who waits for its answer.
  tcti.cut = !answer;
  tcti.pending = std::move(answer).value_or(Bytes());
  return TSS2_RC_SUCCESS;
}

TSS2_RC receive(TSS2_TCTI_CONTEXT* context, std::size_t* size, std::uint8_t* bytes, std::int32_t) {
  FunctionTcti& tcti = of(context);
  if (tcti.cut) return TSS2_TCTI_RC_IO_ERROR;
  if (bytes == nullptr) {
    *size = tcti.pending.size();
    return TSS2_RC_SUCCESS;
  }
  if (*size < tcti.pending.size()) return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
  std::ranges::copy(tcti.pending, bytes);
  *size = tcti.pending.size();
  tcti.pending.clear();
  return TSS2_RC_SUCCESS;
}

void finalize(TSS2_TCTI_CONTEXT* context) { of(context).~FunctionTcti(); }

}  // namespace

Tcti tcti_over(TpmExchange exchange) {
  auto* tcti = new (std::malloc(sizeof(FunctionTcti))) FunctionTcti();  // freed by TctiRelease
  tcti->common.v1.magic = 0x7465737474706d00;
  tcti->common.v1.version = 1;
  tcti->common.v1.transmit = transmit;
  tcti->common.v1.receive = receive;
  tcti->common.v1.finalize = finalize;
  tcti->exchange = std::move(exchange);
  return Tcti(reinterpret_cast<TSS2_TCTI_CONTEXT*>(tcti));
}

}  // namespace ashlar
