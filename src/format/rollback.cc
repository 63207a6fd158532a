#include "format/rollback.h"

namespace ashlar {
namespace {

constexpr std::uint16_t kAlgorithmSha256 = 0x000b;

Bytes nv_public(std::uint32_t attributes, const Sha256Digest& auth_policy) {
  Bytes out;
  append(out, bytes_of(Be32(kRollbackHandle)));
  append(out, bytes_of(Be16(kAlgorithmSha256)));  // nameAlg
  append(out, bytes_of(Be32(attributes)));
  append(out, bytes_of(Be16(auth_policy.bytes.size())));
  append(out, auth_policy.bytes);
  append(out, bytes_of(Be16(kRollbackSize)));
  return out;
}

}  // namespace

Result<Epoch> Epoch::from(std::uint64_t number) {
  if (number > kLast) return fail("an epoch is 0 to 63, not " + std::to_string(number));
  return Epoch(static_cast<unsigned>(number));
}

Result<Epoch> parse_epoch(std::string_view text) {
  for (unsigned number = 0; number <= Epoch::kLast; ++number) {
    if (text == std::to_string(number) + "\n") return Epoch::from(number);
  }
  return fail("not an epoch: a number from 0 to 63 and a newline are expected, nothing else");
}

RollbackIndex::RollbackIndex(const TpmName& pcr_key)
    : auth_policy_(PolicyDigest().authorize(pcr_key, as_bytes(kRollbackWriteRef)).value()),
      name_(tpm_name(nv_public(kRollbackAttributes | kNvWritten, auth_policy_))),
      name_before_first_write_(tpm_name(public_area())) {}

Bytes RollbackIndex::public_area() const { return nv_public(kRollbackAttributes, auth_policy_); }

PcrValues image_pcrs(const Sha256Digest& uki_pcr) {
  return {{kPcrUki, uki_pcr}, {kPcrUkiParameters, {}}, {kPcrUkiExtensions, {}}};
}

ImagePolicies image_policies(const TpmName& pcr_key, const Sha256Digest& uki_pcr, Epoch epoch) {
  RollbackIndex index(pcr_key);
  const PolicyDigest this_image = PolicyDigest().pcr(image_pcrs(uki_pcr));
  Be64 retiring(epoch.bits_above());
  const TpmName& first = index.name_before_first_write();
  return {
      .unseal = PolicyDigest(this_image).nv(index.name(), bytes_of(retiring), 0, TpmCompare::kBitsClear).value(),
      .write = PolicyDigest(this_image).cp_hash(nv_set_bits_cp_hash(index.name(), index.name(), epoch.bit())).value(),
      .first_write = PolicyDigest(this_image).cp_hash(nv_set_bits_cp_hash(first, first, 0)).value()};
}

Sha256Digest data_policy(const TpmName& pcr_key, const PcrValues& enrolled) {
  PolicyDigest policy;
  policy.authorize(pcr_key, as_bytes(kUnsealRef));
  if (!enrolled.empty()) policy.pcr(enrolled);
  return policy.pcr(PcrValues{{kPcrUnlockingEnded, Sha256Digest{}}}).auth_value().value();
}

}  // namespace ashlar
