#include "data/data_status.h"

#include <algorithm>
#include <bit>

#include "data/explanations.h"
#include "data/printable.h"
#include "data/strict_json.h"
#include "data/users.h"

namespace ashlar {
namespace {

constexpr std::size_t kLabelColumns = 18;

// Sections of rows "  Label           text".
class Text {
 public:
  void section(std::string_view heading) {
    if (!text_.empty()) text_ += '\n';
    text_ += std::string(heading) + "\n";
  }
  void row(std::string_view label, std::string_view text) {
    std::string start = "  " + std::string(label);
    start.resize(std::max(kLabelColumns, start.size() + 1), ' ');
    text_ += start + printable(text) + "\n";
  }
  // Rows under one label; nothing where there are none.
  void rows(std::string_view label, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      row(label, text);
      label = {};
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string words_of_partition(const DataStatus& status) {
  switch (status.partition) {
    case PartitionState::absent:
      return "there is none: the next start offers to set it up";
    case PartitionState::unfinished:
      return "its set-up was interrupted: the next start begins again";
    case PartitionState::complete:
      return status.mounted ? "open" : "closed";
  }
  return "";
}

std::string words_of_user(const UserStatus& user) {
  std::string words = account_name(user.user);
  if (!user.name.empty()) words += ", " + user.name;
  words += user.uses_tpm ? ": password together with the TPM" : ": password alone";
  return words + " (keyslot " + std::to_string(user.keyslot) + ")";
}

std::string words_of_argon2id(const Argon2idParameters& parameters) {
  return "Argon2id, " + std::to_string(parameters.memory_kib / 1024) +
         " MiB, passes: " + std::to_string(parameters.passes) + ", lanes: " + std::to_string(parameters.lanes);
}

// "u1 and u3": for whom a register is not what was enrolled.
std::string who_differs(const DataStatus& status, unsigned pcr) {
  std::vector<std::string> who;
  for (const UserStatus& user : status.users) {
    auto enrolled = user.enrolled.find(pcr);
    auto present = status.tpm->present.find(pcr);
    if (enrolled == user.enrolled.end() || present == status.tpm->present.end()) continue;
    if (enrolled->second != present->second) who.push_back(account_name(user.user));
  }
  std::string words;
  for (std::size_t i = 0; i < who.size(); ++i) words += (i == 0 ? "" : i + 1 == who.size() ? " and " : ", ") + who[i];
  return words;
}

std::string words_of_lockout(const LockoutState& lockout) {
  const std::string back = "one is given back every " + words_of_time(lockout.recovery) + " that the machine is on";
  if (lockout.locked) return "the TPM is locked: no try is left, " + back;
  std::string words = std::to_string(lockout.left()) + " of " + std::to_string(lockout.allowed) + " left";
  return lockout.used == 0 ? words : words + ", " + back;
}

std::string words_of_authorities(const LockoutState& lockout) {
  if (lockout.owner_set && lockout.lockout_set) return "set: no other system administers this TPM";
  std::string which = !lockout.owner_set && !lockout.lockout_set ? "owner and lockout authorization are"
                      : !lockout.owner_set                       ? "owner authorization is"
                                                                 : "lockout authorization is";
  return which + " not set; the next start with the right password does it";
}

std::string_view words_of_storage_key(StorageKeyStatus key) {
  switch (key) {
    case StorageKeyStatus::same:
      return "the one /data was set up with";
    case StorageKeyStatus::another:
      return "gone, or another one: the TPM was cleared, or the disk is in another machine";
    case StorageKeyStatus::not_asked:
      break;
  }
  return "not known which it should be";
}

std::string words_of_retirement(const TpmStatus& tpm) {
  switch (*tpm.rollback) {
    case RollbackStatus::ours:
      if (!tpm.retired_bits) return "which images are retired cannot be read without the storage key";
      if (*tpm.retired_bits <= 1) return "no image is retired";
      return "images of an epoch below " + std::to_string(std::bit_width(*tpm.retired_bits) - 1) + " are retired";
    case RollbackStatus::missing:
      return "the TPM's record is gone: the TPM was cleared, or somebody removed it";
    case RollbackStatus::not_written:
      return "the TPM's record was never written: set-up was interrupted, or somebody made it anew";
    case RollbackStatus::another:
      return "another owner's record is in this TPM";
  }
  return "";
}

bool retired(const DataStatus& status) {
  return status.image_epoch && status.tpm &&
         (status.tpm->retired_bits.value_or(0) & status.image_epoch->bits_above()) != 0;
}

void tell_data(const DataStatus& status, Text& text) {
  text.section("/data");
  text.row("State", words_of_partition(status));
  if (status.partition != PartitionState::complete) return;
  if (status.header) {
    text.row("Header", "not usable: " + status.header->message());
    return;
  }
  text.row("Header", "LUKS2 as Ashlar writes it, " + status.uuid);
  if (status.change_unfinished) text.row("", "a change of it was interrupted; the next start tidies up");
  std::vector<std::string> ways;
  ways.emplace_back(status.recovery_key ? "the recovery key (keyslot 0)" : "NO recovery key: keyslot 0 is empty");
  for (const UserStatus& user : status.users) {
    ways.push_back(words_of_user(user));
    ways.push_back("  " + words_of_argon2id(user.password));
  }
  text.rows("Opens with", ways);
  if (without_tpm(status)) {
    text.rows("Without TPM",
              {"This machine had no TPM when /data was set up: the password alone protects it. Who copies",
               "the disk can guess at it for years, and neither a changed firmware nor an old system is",
               "noticed. Only setting up anew, with a TPM, changes that."});
  }
}

void tell_next_start(const DataStatus& status, Text& text) {
  if (status.partition != PartitionState::complete || status.header) return;
  text.section("Next start");
  std::vector<std::string> passwords;
  for (const UserStatus& user : status.users) {
    if (!user.refusal) {
      passwords.push_back("that of " + account_name(user.user) + " opens /data");
      continue;
    }
    passwords.push_back("that of " + account_name(user.user) + " will not do: " + user.refusal->message());
    passwords.emplace_back("  the recovery key opens /data all the same");
  }
  if (passwords.empty()) passwords.emplace_back("there is no user; the recovery key opens /data");
  text.rows("Password", passwords);
  if (std::ranges::any_of(status.users, &UserStatus::change_expected)) {
    text.row("Expected", "a change of the firmware: that start may differ in PCR 0, 2 and 7");
  }
  std::vector<std::string> waiting;
  for (const QueuedRequest& queued : status.requests) waiting.push_back(words_of_request(queued.request));
  for (const std::string& name : status.damaged_requests) waiting.push_back("not a request, left alone: " + name);
  text.rows("Waiting", waiting);
}

void tell_tpm(const DataStatus& status, Text& text) {
  text.section("TPM");
  if (!status.tpm) {
    text.row("State", status.tpm_failure ? status.tpm_failure->message() : "this machine has none");
    return;
  }
  const TpmStatus& tpm = *status.tpm;
  text.row("Tries", words_of_lockout(tpm.lockout));
  text.row("Authorization", words_of_authorities(tpm.lockout));
  text.row("Storage key", words_of_storage_key(tpm.storage_key));
  for (const auto& [pcr, value] : tpm.present) {
    const bool enrolled =
        std::ranges::any_of(status.users, [&](const auto& user) { return user.enrolled.contains(pcr); });
    if (!enrolled) continue;
    std::string who = who_differs(status, pcr);
    text.row("PCR " + std::to_string(pcr),
             (who.empty() ? "as enrolled: " : "DIFFERS from what was enrolled for " + who + ": ") +
                 std::string(words_of_pcr(pcr)));
  }
  text.row("Image", !status.image_epoch ? "carries no policies of its owner: the TPM gives it nothing"
                    : retired(status)   ? "epoch " + std::to_string(status.image_epoch->number()) + ": RETIRED"
                                        : "epoch " + std::to_string(status.image_epoch->number()));
  if (tpm.rollback) text.row("Rollback", words_of_retirement(tpm));
}

// --- JSON

Json message_of(const std::optional<Error>& error) { return error ? Json(error->message()) : Json(nullptr); }

Json json_of_pcrs(const PcrValues& values) {
  Json out = Json::object();
  for (const auto& [pcr, value] : values) out[std::to_string(pcr)] = to_hex(value.bytes);
  return out;
}

Json json_of_user(const UserStatus& user) {
  return {
      {"user", account_name(user.user)},
      {"name", user.name.empty() ? Json(nullptr) : Json(user.name)},
      {"keyslot", user.keyslot},
      {"argon2id",
       {{"memory_kib", user.password.memory_kib}, {"passes", user.password.passes}, {"lanes", user.password.lanes}}},
      {"tpm", user.uses_tpm},
      {"enrolled", json_of_pcrs(user.enrolled)},
      {"change_expected", user.change_expected},
      {"refusal", message_of(user.refusal)}};
}

std::string_view name_of(PartitionState state) {
  switch (state) {
    case PartitionState::absent:
      return "absent";
    case PartitionState::unfinished:
      return "unfinished";
    case PartitionState::complete:
      return "complete";
  }
  return "";
}

std::string_view name_of(StorageKeyStatus key) {
  switch (key) {
    case StorageKeyStatus::same:
      return "same";
    case StorageKeyStatus::another:
      return "another";
    case StorageKeyStatus::not_asked:
      return "unknown";
  }
  return "";
}

std::string_view name_of(RollbackStatus rollback) {
  switch (rollback) {
    case RollbackStatus::ours:
      return "ours";
    case RollbackStatus::missing:
      return "missing";
    case RollbackStatus::not_written:
      return "not-written";
    case RollbackStatus::another:
      return "another";
  }
  return "";
}

Json json_of_tpm(const DataStatus& status) {
  const TpmStatus& tpm = *status.tpm;
  const LockoutState& lockout = tpm.lockout;
  Json rollback = nullptr;
  if (tpm.rollback) {
    rollback = {{"index", name_of(*tpm.rollback)},
                {"bits", tpm.retired_bits ? Json(to_hex(bytes_of(Be64(*tpm.retired_bits)))) : Json(nullptr)},
                {"image_retired", retired(status)}};
  }
  return {{"lockout",
           {{"used", lockout.used},
            {"allowed", lockout.allowed},
            {"left", lockout.left()},
            {"locked", lockout.locked},
            {"recovery_seconds", lockout.recovery.count()}}},
          {"owner_set", lockout.owner_set},
          {"lockout_set", lockout.lockout_set},
          {"storage_key", name_of(tpm.storage_key)},
          {"present", json_of_pcrs(tpm.present)},
          {"rollback", rollback}};
}

}  // namespace

bool is_open(const Storage& storage) { return fs::exists(storage.root() / "ashlar"); }  // nothing lies there otherwise

Status require_open(const Storage& storage) {
  if (is_open(storage)) return {};
  return fail("/data is closed: restart the machine, and enter the password or the recovery key");
}

std::string words_of_request(const Request& request) {
  struct Words {
    std::string operator()(const AddUser& add) { return "a new user, " + add.name; }
    std::string operator()(const RemoveUser& remove) { return "removing " + account_name(remove.user); }
    std::string operator()(const ChangePassword& change) { return "a new password for " + account_name(change.user); }
    std::string operator()(const ExpectChange&) { return "preparing for a change of the firmware"; }
  };
  return std::visit(Words(), request);
}

bool without_tpm(const DataStatus& status) {
  return !status.users.empty() && std::ranges::none_of(status.users, &UserStatus::uses_tpm);
}

std::string status_text(const DataStatus& status) {
  Text text;
  tell_data(status, text);
  tell_next_start(status, text);
  tell_tpm(status, text);
  return text.take();
}

std::string status_json(const DataStatus& status) {
  const bool complete = status.partition == PartitionState::complete;
  Json header = nullptr;
  if (complete) {
    header = {{"usable", !status.header},
              {"why_not", message_of(status.header)},
              {"uuid", status.uuid},
              {"change_unfinished", status.change_unfinished},
              {"recovery_key", status.recovery_key},
              {"without_tpm", without_tpm(status)}};
  }
  Json users = Json::array();
  for (const UserStatus& user : status.users) users.push_back(json_of_user(user));
  Json requests = Json::array();
  for (const QueuedRequest& queued : status.requests) {
    Json request = Json::parse(build_request(queued.request), nullptr, false);
    request.erase("version");
    request["number"] = queued.number;
    requests.push_back(std::move(request));
  }
  const Json json = {
      {"version", 1},
      {"partition", name_of(status.partition)},
      {"open", status.mounted},
      {"header", header},
      {"users", users},
      {"image_epoch", status.image_epoch ? Json(status.image_epoch->number()) : Json(nullptr)},
      {"tpm", status.tpm ? json_of_tpm(status) : Json(nullptr)},
      {"tpm_failure", message_of(status.tpm_failure)},
      {"requests", requests},
      {"damaged_requests", status.damaged_requests},
  };
  // A message may quote what is no UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ashlar
