// Platform configuration registers of the TPM's SHA-256 bank, by number (UAPI.7 Linux TPM PCR Registry).
#pragma once

#include <map>

#include "base/digest.h"

namespace ashlar {

using PcrValues = std::map<unsigned, Sha256Digest>;

constexpr unsigned kPcrBootPrograms = 4;    // what firmware started
constexpr unsigned kPcrSecureBoot = 7;      // which keys it trusts, and which of them were used
constexpr unsigned kPcrUki = 11;            // the sections of the UKI
constexpr unsigned kPcrUkiParameters = 12;  // arguments and credentials the stub found beside it
constexpr unsigned kPcrUkiExtensions = 13;  // system extensions it found beside it

}  // namespace ashlar
