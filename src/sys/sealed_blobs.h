// A secret as the TPM gives it away: what the unlocking program stores. Without libtss2, for those who only store it.
#pragma once

#include "base/bytes.h"

namespace ashlar {

// A sealed object as it is stored outside the TPM: TPM2B_PUBLIC and TPM2B_PRIVATE. Neither is secret.
struct SealedBlobs {
  Bytes public_area;
  Bytes private_area;

  bool operator==(const SealedBlobs&) const = default;
};

}  // namespace ashlar
