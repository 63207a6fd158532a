// A way to a TPM that is a function: for tests, and for a host that reaches into a virtual machine's.
#pragma once

#include <functional>
#include <optional>

#include "sys/tpm.h"

namespace ashlar {

// The answer to a command; nullopt when there will be none, now or later.
using TpmExchange = std::function<std::optional<Bytes>(const Bytes& command)>;

Tcti tcti_over(TpmExchange exchange);

}  // namespace ashlar
