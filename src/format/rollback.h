// The rollback index, and the policies of /data (docs/FORMATS.md, "Rollback index").
//
// The index is 64 bits in the TPM's NV memory that can only be set. Each image has an epoch, 0 to 63; the TPM gives up
// the secret of /data only while no bit above the image's epoch is set. An image sets its own bit once its boot was
// good: from then on every image of a lower epoch is retired. Epochs count retirements, not versions.
//
// The policy the owner signs names the index by its name, so the name must be known when an image is built and be equal
// on every machine. It is the hash of handle, attributes, authPolicy and size:
//   - the handle is fixed, and so is the size (8);
//   - authPolicy depends on the owner's PCR key alone;
//   - attributes that change at run time are left out: nothing is locked (READ_STCLEAR, WRITE_STCLEAR, ...). The one
//     that does change, WRITTEN, changes once, at set-up. Before, the index has another name and satisfies nothing.
// What the attributes allow:
//   NT_BITS      bits go from 0 to 1 and never back; all are 0 at first, where a counter starts at a value nobody chose
//   POLICYWRITE  to write, the owner's signature is needed, for exactly that bit; there is no AUTHWRITE, OWNERWRITE or
//                PPWRITE beside it
//   AUTHREAD     with the empty authorization value anybody reads, and TPM2_PolicyNV checks: it is no secret
//   NO_DA        a wrong value given for it does not count towards the TPM's lockout
// Undefining the index takes owner authorization, which set-up makes a random value.
#pragma once

#include "format/tpm_policy.h"

namespace ashlar {

// How many retirements an image knows of: 0 to 63.
class Epoch {
 public:
  static constexpr unsigned kLast = 63;

  static Result<Epoch> from(std::uint64_t number);
  [[nodiscard]] unsigned number() const { return number_; }
  // The bit an image of this epoch sets.
  [[nodiscard]] std::uint64_t bit() const { return std::uint64_t{1} << number_; }
  // The bits that retire an image of this epoch.
  [[nodiscard]] std::uint64_t bits_above() const { return number_ == kLast ? 0 : ~std::uint64_t{0} << (number_ + 1); }
  bool operator==(const Epoch&) const = default;

 private:
  explicit Epoch(unsigned number) : number_(number) {}
  unsigned number_;
};

// The file os/epoch: the number in decimal, a newline, nothing else.
Result<Epoch> parse_epoch(std::string_view text);

// In the range that belongs to the TPM's owner, 0x01800000 to 0x01bfffff (TCG Registry of Reserved TPM 2.0 Handles and
// Localities, 2.2.2), at an offset that spells "AS": tools that take the first free handle start at the range's ends.
constexpr std::uint32_t kRollbackHandle = 0x01804153;
constexpr std::uint16_t kRollbackSize = 8;  // bytes; the bits as one integer, most significant byte first

// TPMA_NV (Part 2, 13.4).
constexpr std::uint32_t kNvPolicyWrite = 1U << 3;
constexpr std::uint32_t kNvTypeBits = 2U << 4;
constexpr std::uint32_t kNvAuthRead = 1U << 18;
constexpr std::uint32_t kNvNoDa = 1U << 25;
constexpr std::uint32_t kNvWritten = 1U << 29;
constexpr std::uint32_t kRollbackAttributes = kNvPolicyWrite | kNvTypeBits | kNvAuthRead | kNvNoDa;

// What a signature of the PCR key is for. A TPM takes none for another purpose, because authPolicies name the purpose.
// At most 32 bytes: what a TPM without SHA-384 takes as TPM2B_NONCE.
constexpr std::string_view kUnsealRef = "ashlar unseal 1";
constexpr std::string_view kRollbackWriteRef = "ashlar rollback write 1";

// The index on a machine whose owner has this PCR key.
class RollbackIndex {
 public:
  explicit RollbackIndex(const TpmName& pcr_key);

  // What TPM2_NV_DefineSpace is given: a TPMS_NV_PUBLIC (Part 2, 13.6) before the first write.
  [[nodiscard]] Bytes public_area() const;
  [[nodiscard]] const Sha256Digest& auth_policy() const { return auth_policy_; }
  // Its name once it was written, which policies demand, and before.
  [[nodiscard]] const TpmName& name() const { return name_; }
  [[nodiscard]] const TpmName& name_before_first_write() const { return name_before_first_write_; }

 private:
  Sha256Digest auth_policy_;
  TpmName name_;
  TpmName name_before_first_write_;
};

// The policies that the owner signs for one image. All of them begin with PolicyPCR: PCR 11 as this image makes it, 12
// and 13 zero. So nothing else, holding an image's signatures, can unseal or retire what this image can.
struct ImagePolicies {
  Sha256Digest unseal;       // then PolicyNV: no bit above the epoch
  Sha256Digest write;        // then PolicyCpHash: TPM2_NV_SetBits of the epoch's bit, on the index as it was written
  Sha256Digest first_write;  // then PolicyCpHash: TPM2_NV_SetBits of no bit, on the index nobody has written

  auto operator<=>(const ImagePolicies&) const = default;
};
PcrValues image_pcrs(const Sha256Digest& uki_pcr);
ImagePolicies image_policies(const TpmName& pcr_key, const Sha256Digest& uki_pcr, Epoch epoch);

// The authPolicy of /data's secret: an image the owner signed and has not retired (PolicyAuthorize), on this machine
// (PolicyPCR over `enrolled`: firmware and Secure Boot), before PID 1 closed the door (PolicyPCR: 15 zero), with the
// right password (PolicyAuthValue). `enrolled` is empty for the one start after an announced change of the firmware:
// then that step is left out.
constexpr unsigned kPcrUnlockingEnded = 15;
Sha256Digest data_policy(const TpmName& pcr_key, const PcrValues& enrolled);

}  // namespace ashlar
