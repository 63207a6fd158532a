// The public half of an RSA-2048 key with the exponent 65537, which every TPM 2.0 verifies, as SubjectPublicKeyInfo
// (RFC 5280, 4.1; RFC 8017, appendix A.1.1) in DER and PEM: one text for each key. Without OpenSSL, for the device.
#pragma once

#include "format/tpm_policy.h"

namespace ashlar {

struct RsaPublicKey {
  std::array<std::uint8_t, 256> modulus{};  // most significant byte first; its first bit is set

  bool operator==(const RsaPublicKey&) const = default;

  [[nodiscard]] Bytes der() const;
  // What a UKI's .pcrpkey holds: "-----BEGIN PUBLIC KEY-----", lines of 64 characters, a newline at the end.
  [[nodiscard]] std::string pem() const;
  // SHA-256 of the RSAPublicKey inside (PKCS #1, DER): what systemd-measure calls "pkfp".
  [[nodiscard]] Sha256Digest fingerprint() const;
  // What a TPM calls it once it is loaded.
  [[nodiscard]] TpmName name() const { return tpm_name(rsa2048_public_area(modulus)); }
};

// Errors: anything that is not byte for byte what der() and pem() write.
Result<RsaPublicKey> parse_rsa_public_key_der(ByteView der);
Result<RsaPublicKey> parse_rsa_public_key_pem(ByteView pem);

}  // namespace ashlar
