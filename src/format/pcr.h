// What firmware and systemd-stub leave in the registers that an image decides (TCG PC Client Platform Firmware Profile
// 1.05, 3.3.4 and 10.4; UAPI.7 Linux TPM PCR Registry). Host only.
#pragma once

#include "format/efi_signature.h"
#include "format/pcr_values.h"
#include "format/uki.h"

namespace ashlar {

// TPM2_PCR_Extend (TPM 2.0 Library, Part 3, 22.2).
Sha256Digest extend(const Sha256Digest& pcr, const Sha256Digest& digest);

// A register from its reset value, zeros, on.
class Pcr {
 public:
  Pcr& extend(const Sha256Digest& digest) {
    value_ = ashlar::extend(value_, digest);
    return *this;
  }
  // What was measured, hashed here.
  Pcr& measure(ByteView content) { return extend(sha256(content)); }
  [[nodiscard]] const Sha256Digest& value() const { return value_; }

 private:
  Sha256Digest value_;
};

// PCR 4 when firmware starts its first boot option and everything in `authenticode` is loaded in that order.
Sha256Digest boot_programs_pcr(std::span<const Sha256Digest> authenticode);

// The variables of an enrolled machine, as stored: signature lists one after the other. Empty: the variable is not set.
struct SecureBootVariables {
  ByteView pk;
  ByteView kek;
  ByteView db;
  ByteView dbx;
};
// PCR 7 with Secure Boot on; `authorities` are the entries of db by which what was started is trusted, in the order of
// first use.
Sha256Digest secure_boot_pcr(const SecureBootVariables& variables, std::span<const EfiSignature> authorities);

// PCR 11 when systemd-stub 257 hands over: each section's name and content, in the stub's order, whatever the order in
// the file; .pcrsig, which signs the result, is left out. Errors: a section whose measurement depends on the machine or
// on a choice at boot (.dtbauto, .efifw, .profile).
Result<Sha256Digest> uki_pcr(std::span<const UkiSection> sections);

}  // namespace ashlar
