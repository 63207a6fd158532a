#include "data/boot_good.h"

#include "data/data_header.h"
#include "data/owner_policies.h"

namespace ashlar {

Result<std::string> mark_boot_good(Storage& storage, TurnTpm& tpm, const std::optional<SignedImage>& image) {
  DataPartition partition = TRY(storage.find_partition());
  if (partition.state != PartitionState::complete) return fail("there is no /data yet");
  Volume volume = TRY(Volume::load(partition.device));
  DataHeader header = TRY(read_data_header(volume.metadata()));
  std::optional<TpmName> pinned;
  for (const auto& [number, user] : header.users) {
    if (user.token.tpm) pinned = user.token.tpm->storage_key;
  }
  if (!pinned) return "/data needs no TPM: there is nothing to mark";
  if (!image) return fail("this image carries no policies signed by its owner, so it retires none");

  Tpm* connected = TRY(tpm.connect());
  TpmStorageKey key = TRY(TpmStorageKey::open(*connected, *pinned));
  Status retired = in("retire older images", retire_older_images(*connected, key, image->signature, image->owner));
  TRY(in("tell the TPM that the machine may go", connected->shutdown()));  // also when that failed
  TRY(std::move(retired));
  return "images of an epoch below " + std::to_string(image->signature.epoch.number()) + " open /data no longer";
}

}  // namespace ashlar
