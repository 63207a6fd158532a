#include "outsider.h"

#include "data/recovery_key.h"
#include "image/inspect.h"
#include "image/pcr_policies.h"
#include "sys/tpm_seal.h"

namespace ashlar::test {
namespace {

constexpr std::uint64_t kHeaderCopied = std::uint64_t{17} << 20;  // bytes: header, keyslots and the first data

}  // namespace

Result<GptPartition> partition_named(const fs::path& disk, std::string_view name) {
  image::MappedFile file = TRY(image::MappedFile::open(disk));
  GptTable table = TRY(image::read_partition_table(file.bytes()));
  for (GptPartition& partition : table.partitions) {
    if (partition.name == name) return std::move(partition);
  }
  return fail(disk.string() + " has no partition " + std::string(name));
}

Status read_header(const fs::path& disk, const testing::Disk& into) {
  GptPartition data = TRY(partition_named(disk, "data"));
  Bytes header(kHeaderCopied);
  Fd file = TRY(open_file(disk, O_RDONLY));
  TRY(read_at(file, data.first_lba * kSectorSize, header));
  Fd copy = TRY(open_file(into.path(), O_WRONLY));
  return write_at(copy, 0, header);
}

Status write_header(const fs::path& disk, const testing::Disk& from) {
  GptPartition data = TRY(partition_named(disk, "data"));
  Bytes header = TRY(read_file(from.path()));
  header.resize(kDataOffset);
  Fd file = TRY(open_file(disk, O_WRONLY));
  TRY(write_at(file, data.first_lba * kSectorSize, header));
  return file.close();
}

Result<Outsider> Outsider::with(const fs::path& disk) {
  image::OpenedImage image = TRY(image::open_image(disk));
  image::PcrPolicies policies =
      TRY(image::check_pcr_policies(TRY(image.only_file(image::kUkiDirectory, ".efi"))->content));
  auto header = std::make_unique<testing::Disk>();
  TRY(read_header(disk, *header));
  Outsider outsider(std::move(header), std::move(policies.signature), std::move(policies.key));
  Volume volume = TRY(Volume::load(outsider.header_->path()));
  for (const auto& [number, stored] : volume.metadata().tokens) {
    if (stored.type == kUserToken) outsider.token_ = TRY(parse_user_token(as_bytes(stored.json)));
  }
  return outsider;
}

Result<PasswordKeys> Outsider::keys(std::string_view password) const {
  return derive_password_keys(testing::secret_of(password), token_.password);
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
  Volume volume = TRY(Volume::load(header_->path()));
  return volume.unlock(token_.keyslot, keyslot);
}

Result<UnlockedVolume> Outsider::recover(std::string_view recovery_text) const {
  Secret key = TRY(parse_recovery_text(testing::secret_of(recovery_text)));
  Volume volume = TRY(Volume::load(header_->path()));
  return volume.unlock(0, key);
}

Result<TpmAuthorities> Outsider::authorities(const UnlockedVolume& volume) {
  Secret sealing = TRY(volume.derive_key(kTpmAuthorityLabel, 32));
  for (const auto& [number, stored] : volume.metadata().tokens) {
    if (stored.type == kTpmAuthorityToken) return open_tpm_authority_token(as_bytes(stored.json), sealing);
  }
  return fail("the volume has no token with the TPM's authorizations");
}

}  // namespace ashlar::test
