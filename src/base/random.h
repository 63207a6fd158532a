// Random bytes for keys, salts and nonces.
#pragma once

#include "base/secret.h"

namespace ashlar {

// From the kernel's generator.
Status fill_random(std::span<std::uint8_t> bytes);
Result<Secret> random_secret(std::size_t size);

}  // namespace ashlar
