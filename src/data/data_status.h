// What `ashlarctl data status` tells: a struct, and its two forms. Pure; status_gathering.h fills it. None of it is
// secret.
#pragma once

#include <map>
#include <optional>

#include "data/argon2id_parameters.h"
#include "data/requests.h"
#include "data/storage.h"
#include "format/pcr_values.h"
#include "format/rollback.h"
#include "sys/tpm_authority.h"

namespace ashlar {

// One user's way into the volume, as the token says it, and the user's record where /data is open.
struct UserStatus {
  unsigned user = 1;
  std::string name;  // empty: not known, because /data is closed or has no record
  unsigned keyslot = 0;
  Argon2idParameters password;
  bool uses_tpm = false;
  PcrValues enrolled;
  bool change_expected = false;  // the next start may differ in its firmware (expect-change)
  // Why the TPM would not give out its secret for the right password if the machine started again as it is.
  std::optional<Error> refusal;
};

enum class StorageKeyStatus { same, another, not_asked };
enum class RollbackStatus { ours, missing, not_written, another };

struct TpmStatus {
  LockoutState lockout;
  StorageKeyStatus storage_key = StorageKeyStatus::not_asked;  // beside the one that was pinned at set-up
  std::optional<RollbackStatus> rollback;                      // nullopt: not known whose it should be
  std::optional<std::uint64_t> retired_bits;                   // of the index, where it is ours
  PcrValues present;
};

struct DataStatus {
  PartitionState partition = PartitionState::absent;
  bool mounted = false;  // /data is open now

  // --- The header of a complete partition.
  std::optional<Error> header;  // why it cannot be used; nullopt: its form is ours
  std::string uuid;
  bool change_unfinished = false;  // a power cut in the middle of a change; the next start tidies up
  bool recovery_key = false;
  std::vector<UserStatus> users;

  // --- The machine.
  std::optional<Epoch> image_epoch;  // nullopt: the image carries no policies of its owner
  std::optional<TpmStatus> tpm;      // nullopt: there is none, or it does not answer
  std::optional<Error> tpm_failure;  // in the second case

  // --- What waits for the next start.
  std::vector<QueuedRequest> requests;
  std::vector<std::string> damaged_requests;
};

// /data is open now: what lies on it can be read.
bool is_open(const Storage& storage);
// The same as an error that says what to do.
Status require_open(const Storage& storage);

// "a new user, Berta".
std::string words_of_request(const Request& request);

// No user's password needs the TPM: the machine had none at set-up, and what that means stays so.
bool without_tpm(const DataStatus& status);

// Sections of labelled lines, for a terminal of 80 columns or more.
std::string status_text(const DataStatus& status);
// docs/FORMATS.md, "ashlarctl data status --json"; one line.
std::string status_json(const DataStatus& status);

}  // namespace ashlar
