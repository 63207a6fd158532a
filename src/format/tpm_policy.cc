#include "format/tpm_policy.h"

#include <algorithm>
#include <cstdlib>

namespace ashlar {
namespace {

// Part 2, 6.3 and 6.5.2.
constexpr std::uint16_t kAlgorithmRsa = 0x0001;
constexpr std::uint16_t kAlgorithmSha256 = 0x000b;
constexpr std::uint16_t kAlgorithmNull = 0x0010;
constexpr std::uint32_t kNvSetBits = 0x0135;
constexpr std::uint32_t kPolicyNv = 0x0149;
constexpr std::uint32_t kPolicyAuthorize = 0x016a;
constexpr std::uint32_t kPolicyAuthValue = 0x016b;
constexpr std::uint32_t kPolicyCommandCode = 0x016c;
constexpr std::uint32_t kPolicyCpHash = 0x016e;
constexpr std::uint32_t kPolicyPcr = 0x017f;

// TPMA_OBJECT (8.3): userWithAuth, decrypt, sign.
constexpr std::uint32_t kVerificationKey = 1U << 6 | 1U << 17 | 1U << 18;

// TPML_PCR_SELECTION (10.9.7) of one bank, three bytes as PC clients have 24 PCRs: the bit of PCR n is n % 8 of byte
// n / 8.
Bytes pcr_selection(const PcrValues& values) {
  std::array<std::uint8_t, 3> select{};
  for (const auto& [number, value] : values) {
    if (number >= 8 * select.size()) std::abort();  // no constant of ours; a digest without it would be a lie
    select[number / 8] = static_cast<std::uint8_t>(select[number / 8] | 1U << number % 8);
  }
  Bytes out;
  append(out, bytes_of(Be32(1)));
  append(out, bytes_of(Be16(kAlgorithmSha256)));
  out.push_back(select.size());
  append(out, select);
  return out;
}

}  // namespace

TpmName tpm_name(ByteView public_area) {
  TpmName name{{kAlgorithmSha256 >> 8, kAlgorithmSha256 & 0xff}};
  std::ranges::copy(sha256(public_area).bytes, name.bytes.begin() + 2);
  return name;
}

Bytes rsa2048_public_area(std::span<const std::uint8_t, 256> modulus) {
  Bytes out;
  append(out, bytes_of(Be16(kAlgorithmRsa)));
  append(out, bytes_of(Be16(kAlgorithmSha256)));  // nameAlg
  append(out, bytes_of(Be32(kVerificationKey)));
  append(out, bytes_of(Be16(0)));               // authPolicy: none
  append(out, bytes_of(Be16(kAlgorithmNull)));  // symmetric
  append(out, bytes_of(Be16(kAlgorithmNull)));  // scheme
  append(out, bytes_of(Be16(8 * modulus.size())));
  append(out, bytes_of(Be32(65537)));
  append(out, bytes_of(Be16(modulus.size())));
  append(out, modulus);
  return out;
}

PolicyDigest& PolicyDigest::extend(std::uint32_t command, ByteView content) {
  value_ = Sha256().update(value_.bytes).update(bytes_of(Be32(command))).update(content).finish();
  return *this;
}

PolicyDigest& PolicyDigest::pcr(const PcrValues& values) {
  Sha256 digest;
  for (const auto& [number, value] : values) digest.update(value.bytes);
  Bytes content = pcr_selection(values);
  append(content, digest.finish().bytes);
  return extend(kPolicyPcr, content);
}

PolicyDigest& PolicyDigest::nv(const TpmName& index, ByteView operand, std::uint16_t offset, TpmCompare operation) {
  Sha256 arguments;
  arguments.update(operand).update(bytes_of(Be16(offset)));
  arguments.update(bytes_of(Be16(static_cast<std::uint16_t>(operation))));
  Bytes content;
  append(content, arguments.finish().bytes);
  append(content, index.bytes);
  return extend(kPolicyNv, content);
}

PolicyDigest& PolicyDigest::command_code(std::uint32_t code) {
  return extend(kPolicyCommandCode, bytes_of(Be32(code)));
}

PolicyDigest& PolicyDigest::cp_hash(const Sha256Digest& hash) { return extend(kPolicyCpHash, hash.bytes); }

PolicyDigest& PolicyDigest::authorize(const TpmName& key, ByteView policy_ref) {
  value_ = {};
  extend(kPolicyAuthorize, key.bytes);
  value_ = Sha256().update(value_.bytes).update(policy_ref).finish();
  return *this;
}

PolicyDigest& PolicyDigest::auth_value() { return extend(kPolicyAuthValue, {}); }

Bytes policy_approval(const Sha256Digest& approved, ByteView policy_ref) {
  Bytes out(approved.bytes.begin(), approved.bytes.end());
  append(out, policy_ref);
  return out;
}

Sha256Digest nv_set_bits_cp_hash(const TpmName& authority, const TpmName& index, std::uint64_t bits) {
  return Sha256()
      .update(bytes_of(Be32(kNvSetBits)))
      .update(authority.bytes)
      .update(index.bytes)
      .update(bytes_of(Be64(bits)))
      .finish();
}

}  // namespace ashlar
