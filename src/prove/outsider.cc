#include "prove/outsider.h"

#include "data/recovery_key.h"
#include "image/inspect.h"
#include "image/pcr_policies.h"
#include "sys/tpm_seal.h"

namespace ashlar::prove {

Result<GptPartition> partition_named(const fs::path& disk, std::string_view name) {
  image::MappedFile file = TRY(image::MappedFile::open(disk));
  GptTable table = TRY(image::read_partition_table(file.bytes()));
  for (GptPartition& partition : table.partitions) {
    if (partition.name == name) return std::move(partition);
  }
  return fail(disk.string() + " has no partition " + std::string(name));
}

Result<HeaderFile> read_header(const fs::path& disk) {
  GptPartition data = TRY(partition_named(disk, "data"));
  Bytes header(HeaderFile::kSize);
  Fd file = TRY(open_file(disk, O_RDONLY));
  TRY(read_at(file, data.first_lba * kSectorSize, header));
  HeaderFile copy = TRY(HeaderFile::blank());
  TRY(write_file(copy.path(), header, 0600));
  return copy;
}

Status write_header(const fs::path& disk, const HeaderFile& from) {
  GptPartition data = TRY(partition_named(disk, "data"));
  Bytes header = TRY(read_file(from.path()));
  header.resize(kDataOffset);
  Fd file = TRY(open_file(disk, O_WRONLY));
  TRY(write_at(file, data.first_lba * kSectorSize, header));
  return file.close();
}

Result<Outsider> Outsider::with(const fs::path& disk) {
  image::OpenedImage image = TRY(image::open_image(disk));
  const image::PcrPolicies policies =
      TRY(image::check_pcr_policies(TRY(image.only_file(image::kUkiDirectory, ".efi"))->content));
  Outsider outsider(TRY(read_header(disk)), policies.signature, policies.key);
  Volume volume = TRY(Volume::load(outsider.header_.path()));
  for (const auto& [number, stored] : volume.metadata().tokens) {
    if (stored.type == kUserToken) outsider.token_ = TRY(parse_user_token(as_bytes(stored.json)));
  }
  return outsider;
}

Result<PasswordKeys> Outsider::keys(std::string_view password) const {
  return derive_password_keys(TRY(Secret::copy_of(as_bytes(password))), token_.password);
}

Result<TpmStorageKey> Outsider::storage_key(Tpm& tpm) const {
  return TpmStorageKey::open(tpm, token_.tpm->storage_key);
}

Result<Secret> Outsider::unseal(Tpm& tpm, std::string_view password,
                                const std::function<void(UnsealSteps&)>& change) const {
  TpmStorageKey key = TRY(storage_key(tpm));
  PasswordKeys derived = TRY(keys(password));
  UnsealSteps steps = unseal_steps(signature_, owner_, token_.tpm->enrolled);
  if (change) change(steps);
  return ashlar::unseal(tpm, key, token_.tpm->secret, derived.tpm_auth, steps);
}

Result<UnlockedVolume> Outsider::unlock(Tpm& tpm, std::string_view password) const {
  Secret secret = TRY(unseal(tpm, password));
  PasswordKeys derived = TRY(keys(password));
  Secret keyslot = TRY(keyslot_key(derived.luks, secret));
  Volume volume = TRY(Volume::load(header_.path()));
  return volume.unlock(token_.keyslot, keyslot);
}

Result<UnlockedVolume> Outsider::recover(std::string_view recovery_text) const {
  Secret key = TRY(parse_recovery_text(TRY(Secret::copy_of(as_bytes(recovery_text)))));
  Volume volume = TRY(Volume::load(header_.path()));
  return volume.unlock(0, key);
}

Result<TpmAuthorities> Outsider::authorities(const UnlockedVolume& volume) {
  Secret sealing = TRY(volume.derive_key(kTpmAuthorityLabel, 32));
  for (const auto& [number, stored] : volume.metadata().tokens) {
    if (stored.type == kTpmAuthorityToken) return open_tpm_authority_token(as_bytes(stored.json), sealing);
  }
  return fail("the volume has no token with the TPM's authorizations");
}

}  // namespace ashlar::prove
