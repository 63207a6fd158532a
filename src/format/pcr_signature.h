// The UKI's section .pcrsig: the policies the owner signed for this image (docs/FORMATS.md, ".pcrsig"). In form the
// JSON of `systemd-measure sign`, in which each signature is named by the PCRs its policy begins with, the key's
// fingerprint and the policy's digest; with a policyRef and what the policy is for beside them, and the image's epoch.
//
// The section is not measured and nothing of it is believed: what an attacker writes there, the TPM refuses.
#pragma once

#include "format/rollback.h"

namespace ashlar {

using RsaSignature = std::array<std::uint8_t, 256>;  // RSASSA with SHA-256, most significant byte first

struct PcrSignature {
  Epoch epoch;
  Sha256Digest key_fingerprint;  // RsaPublicKey::fingerprint() of the signer
  ImagePolicies policies;
  // Over policy_approval(policy, reference): kUnsealRef for the first, kRollbackWriteRef for the others.
  RsaSignature unseal{};
  RsaSignature write{};
  RsaSignature first_write{};

  bool operator==(const PcrSignature&) const = default;
};

constexpr std::size_t kLargestPcrSignature = 8192;  // bytes; ours have about 1,740

// One line of JSON, ASCII, and a newline.
std::string build_pcr_signature(const PcrSignature& signature);

// Errors: anything that is not byte for byte what build_pcr_signature() writes. No signature is verified.
Result<PcrSignature> parse_pcr_signature(ByteView json);

}  // namespace ashlar
