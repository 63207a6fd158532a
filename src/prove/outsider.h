// What somebody can do who has the disk, knows the password, and reaches the machine's TPM while it runs: the host,
// with the code of src/data, beside the machine instead of inside it.
#pragma once

#include "data/authority_token.h"
#include "data/header_file.h"
#include "data/owner_policies.h"
#include "data/token.h"
#include "data/volume.h"
#include "format/gpt.h"

namespace ashlar::prove {

// The partition with this name on a raw disk.
Result<GptPartition> partition_named(const fs::path& disk, std::string_view name);

// A copy of the LUKS2 header of /data (and of its keyslots), and the way back.
Result<HeaderFile> read_header(const fs::path& disk);
Status write_header(const fs::path& disk, const HeaderFile& from);

class Outsider {
 public:
  // Reads header and image off a raw disk.
  static Result<Outsider> with(const fs::path& disk);

  [[nodiscard]] const UserToken& token() const { return token_; }
  [[nodiscard]] const PcrSignature& signature() const { return signature_; }
  [[nodiscard]] const RsaPublicKey& owner() const { return owner_; }
  Result<PasswordKeys> keys(std::string_view password) const;
  // The TPM's part. Errors carry a TpmFailure. `change` makes other steps of those that are right.
  Result<Secret> unseal(Tpm& tpm, std::string_view password,
                        const std::function<void(UnsealSteps&)>& change = nullptr) const;
  Result<UnlockedVolume> unlock(Tpm& tpm, std::string_view password) const;
  Result<UnlockedVolume> recover(std::string_view recovery_text) const;
  // What only the unlocking program should ever read.
  static Result<TpmAuthorities> authorities(const UnlockedVolume& volume);
  Result<TpmStorageKey> storage_key(Tpm& tpm) const;

 private:
  Outsider(HeaderFile header, const PcrSignature& signature, const RsaPublicKey& owner)
      : header_(std::move(header)), signature_(signature), owner_(owner) {}

  HeaderFile header_;
  PcrSignature signature_;
  RsaPublicKey owner_;
  UserToken token_;
};

}  // namespace ashlar::prove
