#include "data/status_gathering.h"

#include "data/data_header.h"
#include "data/homes.h"
#include "data/owner_policies.h"
#include "sys/tpm_rollback.h"
#include "sys/tpm_storage_key.h"

namespace ashlar {
namespace {

const std::vector<unsigned> kPcrs = {0, 2, 7, kPcrUki, kPcrUkiParameters, kPcrUkiExtensions, kPcrUnlockingEnded};

UserStatus status_of(const UserToken& token) {
  UserStatus user{.user = token.user, .keyslot = token.keyslot, .password = token.password};
  if (token.tpm) {
    user.uses_tpm = true;
    user.enrolled = token.tpm->enrolled;
    user.change_expected = token.tpm->expecting.has_value();
  }
  return user;
}

// What the header says; its users' tokens.
Result<DataHeader> read_header(const fs::path& device, DataStatus& status) {
  Volume volume = TRY(Volume::load(device));
  DataHeader header = TRY(read_data_header(volume.metadata()));
  status.uuid = volume.uuid();
  status.change_unfinished = !volume.metadata().hmac.changing.empty();
  status.recovery_key = volume.metadata().keyslots.contains(kRecoveryKeyslot);
  for (const auto& [number, user] : header.users) status.users.push_back(status_of(user.token));
  return header;
}

// What lies on /data, while it is open. What cannot be read is missing in the answer; it is no reason to give none.
void read_records(Storage& storage, DataStatus& status) {
  Homes homes(storage);
  for (UserStatus& user : status.users) {
    if (Result<UserRecord> record = homes.get(user.user)) user.name = record->name;
  }
  if (Result<Queue> queue = read_queue(storage.root())) {
    status.requests = std::move(queue->requests);
    status.damaged_requests = std::move(queue->damaged);
  }
}

RollbackStatus compare(const RollbackIndex& wanted, const std::optional<TpmName>& present) {
  if (!present) return RollbackStatus::missing;
  if (*present == wanted.name()) return RollbackStatus::ours;
  return *present == wanted.name_before_first_write() ? RollbackStatus::not_written : RollbackStatus::another;
}

// The storage key that was pinned at set-up; nullopt when it is not there any more.
Result<std::optional<TpmStorageKey>> open_pinned(Tpm& tpm, const DataHeader& header, TpmStatus& status) {
  for (const auto& [number, user] : header.users) {
    if (!user.token.tpm) continue;
    Result<TpmStorageKey> key = TpmStorageKey::open(tpm, user.token.tpm->storage_key);
    status.storage_key = key ? StorageKeyStatus::same : StorageKeyStatus::another;
    if (key) return std::optional(*key);
    if (key.error().kind<TpmFailure>() != TpmFailure::cleared) return std::unexpected(std::move(key).error());
    return std::nullopt;
  }
  return std::nullopt;
}

// Why this user's password would not do at the next start. PCR 15 is extended by now and zero then.
Result<std::optional<Error>> refusal_of(Tpm& tpm, const TpmStorageKey& key, const SignedImage& image,
                                        const EnrolledTpm& enrolled, const PcrValues& present) {
  UnsealSteps steps = unseal_steps(image.signature, image.owner, enrolled.expecting ? PcrValues() : enrolled.enrolled);
  steps.not_yet_unlocked = {{kPcrUnlockingEnded, present.at(kPcrUnlockingEnded)}};
  return foreseeable_refusal(tpm, key, steps);
}

Result<TpmStatus> ask_tpm(Tpm& tpm, const std::optional<SignedImage>& image, const DataHeader& header,
                          std::vector<UserStatus>& users) {
  TpmStatus status{.lockout = TRY(lockout_state(tpm))};
  status.present = TRY(tpm.read_pcrs(kPcrs));
  std::optional<TpmStorageKey> key = TRY(open_pinned(tpm, header, status));
  if (image) {
    RollbackIndex index(image->owner.name());
    status.rollback = compare(index, TRY(TpmNvIndex::look(tpm, kRollbackHandle)));
    if (key && status.rollback == RollbackStatus::ours) {
      status.retired_bits = TRY(read_rollback_bits(tpm, *key, kRollbackHandle, index.name()));
    }
  }
  for (UserStatus& user : users) {
    if (!user.uses_tpm) continue;
    if (!image) {
      user.refusal = Error("this image carries no policies signed by its owner");
    } else if (!key) {
      user.refusal = Error("the TPM does not have the storage key any more that /data was set up with");
    } else {
      const EnrolledTpm& enrolled = *header.users.at(user.user).token.tpm;
      user.refusal = TRY(refusal_of(tpm, *key, *image, enrolled, status.present));
    }
  }
  return status;
}

}  // namespace

Result<DataStatus> gather_status(Storage& storage, TurnTpm& tpm, const std::optional<SignedImage>& image) {
  DataStatus status;
  DataPartition partition = TRY(storage.find_partition());
  status.partition = partition.state;
  if (image) status.image_epoch = image->signature.epoch;
  DataHeader header;
  if (partition.state == PartitionState::complete) {
    Result<DataHeader> read = read_header(partition.device, status);
    if (read) {
      header = std::move(*read);
    } else {
      status.header = std::move(read).error();
    }
    status.mounted = is_open(storage);
    if (status.mounted) read_records(storage, status);
  }

  Result<TpmStatus> asked = [&]() -> Result<TpmStatus> {
    Tpm* connected = TRY(tpm.connect());
    return ask_tpm(*connected, image, header, status.users);
  }();
  if (asked) {
    status.tpm = std::move(*asked);
    return status;
  }
  if (asked.error().kind<TpmFailure>() != TpmFailure::absent) status.tpm_failure = asked.error();
  for (UserStatus& user : status.users) {
    if (user.uses_tpm) user.refusal = asked.error();
  }
  return status;
}

}  // namespace ashlar
