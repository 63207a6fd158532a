// TPM 2.0 names and policy digests, computed without a TPM (TPM 2.0 Library, Part 1, chapter 16 "Names" and 19.7
// "Enhanced Authorization"; Part 3, chapter 23). SHA-256 is the one algorithm: for names, sessions and the PCR bank.
#pragma once

#include "format/pcr_values.h"

namespace ashlar {

// What a TPM knows an object or an NV index by: the name algorithm and the hash of the public area.
struct TpmName {
  std::array<std::uint8_t, 34> bytes{};  // TPM_ALG_SHA256, most significant byte first; the digest

  auto operator<=>(const TpmName&) const = default;
  [[nodiscard]] std::string hex() const { return to_hex(bytes); }
};
// `public_area` is a marshalled TPMT_PUBLIC (Part 2, 12.2.4) or TPMS_NV_PUBLIC (13.6) whose nameAlg is SHA-256.
TpmName tpm_name(ByteView public_area);

// The public area under which TPM2_LoadExternal is given an RSA-2048 key that verifies policies, and so its name:
// sign, decrypt and userWithAuth set, no scheme (the signature brings RSASSA with SHA-256 along), exponent 65537
// written out. It is what `tpm2_loadexternal -G rsa` makes of the key in PEM; TPM2_VerifySignature asks for `sign`
// alone, but a name that the world's tools show is worth more than two attributes that no public half can use.
// `modulus`: most significant byte first.
Bytes rsa2048_public_area(std::span<const std::uint8_t, 256> modulus);

// TPM_EO (Part 2, 6.8): how PolicyNV compares what is stored with its operand, as much of it as is used.
enum class TpmCompare : std::uint16_t {
  kEqual = 0x0000,
  kBitsSet = 0x000a,    // every bit of the operand is set
  kBitsClear = 0x000b,  // every bit of the operand is clear
};

// The digest of a policy session while commands are put to it, from a session's start on, zeros. Each function is the
// command of that name.
class PolicyDigest {
 public:
  // TPM2_PolicyPCR (23.7) over PCRs of the SHA-256 bank that have these values; their numbers are 0 to 23.
  PolicyDigest& pcr(const PcrValues& values);
  // TPM2_PolicyNV (23.9): what `index` holds from `offset` on compares so with `operand`.
  PolicyDigest& nv(const TpmName& index, ByteView operand, std::uint16_t offset, TpmCompare operation);
  // TPM2_PolicyCommandCode (23.11).
  PolicyDigest& command_code(std::uint32_t code);
  // TPM2_PolicyCpHash (23.13): one command with exactly these parameters.
  PolicyDigest& cp_hash(const Sha256Digest& hash);
  // TPM2_PolicyAuthorize (23.16). Forgets what came before: the key's owner answers for it.
  PolicyDigest& authorize(const TpmName& key, ByteView policy_ref);
  // TPM2_PolicyAuthValue (23.17).
  PolicyDigest& auth_value();

  [[nodiscard]] const Sha256Digest& value() const { return value_; }

 private:
  PolicyDigest& extend(std::uint32_t command, ByteView content);

  Sha256Digest value_;
};

// What is signed, and hashed for TPM2_VerifySignature, so that TPM2_PolicyAuthorize takes `approved` (23.16).
Bytes policy_approval(const Sha256Digest& approved, ByteView policy_ref);

// cpHash (Part 1, 16.7 "Command Parameter Hash") of TPM2_NV_SetBits (Part 3, 31.12), authorized through `authority`.
Sha256Digest nv_set_bits_cp_hash(const TpmName& authority, const TpmName& index, std::uint64_t bits);

}  // namespace ashlar
