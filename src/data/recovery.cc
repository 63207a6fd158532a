#include "data/recovery.h"

#include "data/asking.h"
#include "data/expected_change.h"
#include "data/explanations.h"
#include "data/finish.h"
#include "data/owner_policies.h"
#include "data/password_quality.h"
#include "data/tpm_preparation.h"
#include "sys/tpm_rollback.h"

namespace ashlar {
namespace {

// What is sealed now is of no use any more: another seal is needed for the same password too.
bool needs_new_seal(const std::optional<Error>& refusal) {
  if (!refusal) return false;
  std::optional<TpmFailure> failure = refusal->kind<TpmFailure>();
  if (!failure) return true;
  switch (*failure) {
    case TpmFailure::firmware_changed:
    case TpmFailure::cleared:
    case TpmFailure::rollback_index_wrong:
    case TpmFailure::damaged:
    case TpmFailure::policy:
    case TpmFailure::absent:
      return true;
    default:  // the TPM is as it was, and will do it again under other circumstances
      return false;
  }
}

class Recovery {
 public:
  Recovery(Turn& turn, Opened& opened, DataHeader header)
      : turn_(turn), opened_(opened), header_(std::move(header)), homes_(turn.storage) {}

  Status run() {
    TRY(choose_user());
    if (opened_.user == 0) return {};
    for (;;) {
      std::size_t chosen = TRY(menu(
          turn_.prompter, notice(),
          {"Type my password",
           without_tpm_ ? "Choose a new password, without a TPM" : "I forgot it: choose a new password", "Not now"}));
      if (chosen == 2) return {};
      Result<bool> done = chosen == 0 ? with_password() : with_new_password();
      if (!done) {
        if (done.error().kind<TurnEnd>()) return std::unexpected(done.error());
        TRY(tell_failure(turn_, "That did not work", done.error()));
      } else if (*done) {
        return {};
      }
    }
  }

 private:
  [[nodiscard]] const UserToken& token() const { return header_.users.at(opened_.user).token; }

  Status choose_user() {
    std::vector<UserRecord> records = TRY(homes_.list());
    std::erase_if(records, [&](const UserRecord& record) { return !header_.users.contains(record.user); });
    if (records.empty()) opened_.user = 0;
    if (records.empty()) return {};
    std::size_t chosen = 0;
    if (records.size() > 1) {
      std::vector<std::string> names;
      for (const UserRecord& record : records) {
        if (record.user == opened_.user) chosen = names.size();
        names.push_back(record.name);
      }
      Question question{.notice = {.heading = "/data is open. Who are you?"}, .label = "User"};
      chosen = TRY(turn_.prompter.choose(question, names, chosen)).value_or(chosen);
    }
    record_ = records[chosen];
    opened_.user = record_.user;
    Result<Tpm*> tpm = turn_.tpm.connect();
    without_tpm_ = token().tpm && !tpm && tpm.error().kind<TpmFailure>() == TpmFailure::absent;
    return {};
  }

  [[nodiscard]] Notice notice() const {
    Notice notice{.heading = "/data is open. Shall it open by password again?"};
    if (needs_new_seal(opened_.refusal) && !without_tpm_) {
      notice.lines.push_back({"", {"Your password will be tied to this machine as it is now."}});
    }
    if (without_tpm_) {
      notice.lines = words_without_tpm();
      notice.lines.push_back({"", {"With your password alone the home is opened, and nothing is changed."}});
    }
    return notice;
  }

  // True: done. False: back to the menu.
  Result<bool> with_password() {
    Question question{
        .notice = {.heading = "The password of " + record_.name}, .label = kPasswordLabel, .cancel = "back"};
    for (;;) {
      std::optional<Secret> typed = TRY(ask_password(turn_.prompter, question));
      if (!typed) return false;
      turn_.prompter.show({.heading = "Checking the password"});
      StretchedPassword password = TRY(stretch(*typed, token().password));
      if (homes_.open(record_, password.keys.home)) {
        if (needs_new_seal(opened_.refusal) && !without_tpm_) TRY(enrol_anew(password));
        TRY(homes_.keep_only(opened_.user, password.parameters));
        opened_.password = std::move(password);
        return true;
      }
      question.remark = wrong_password_remark(std::nullopt);
    }
  }

  Result<bool> with_new_password() {
    bool sealed = token().tpm && !without_tpm_;
    std::optional<Secret> typed =
        TRY(ask_new_password(turn_.prompter, {.notice = {.heading = "A new password for " + record_.name},
                                              .least_bits = sealed ? kLeastBitsWithTpm : kLeastBitsWithoutTpm,
                                              .name = record_.name,
                                              .cancel = "back"}));
    if (!typed) return false;
    turn_.prompter.show({.heading = "Changing the password"});
    StretchedPassword password = TRY(stretch_anew(*typed, token().password));
    // The home first: it then opens with either, whichever the volume opens with. Of two passwords that an interrupted
    // change left, the volume's is the one that stays.
    std::ignore = homes_.keep_only(opened_.user, token().password);
    TRY(homes_.add_password_by_recovery(opened_.user, *opened_.recovery_key,
                                        {password.parameters, password.keys.home}));
    TRY(enrol_anew(password));
    record_ = TRY(homes_.get(opened_.user));
    TRY(homes_.open(record_, password.keys.home));
    TRY(homes_.keep_only(opened_.user, password.parameters));
    opened_.password = std::move(password);
    return true;
  }

  Status enrol_anew(const StretchedPassword& password) {
    std::optional<SealingTpm> tpm;
    if (token().tpm && !without_tpm_) tpm.emplace(TRY(prepared_tpm()));
    opened_.tpm_secret = TRY(enrol(opened_.volume, opened_.user, password, tpm ? &*tpm : nullptr));
    return {};
  }

  // The TPM as set-up left it, made so again when it was cleared.
  Result<SealingTpm> prepared_tpm() {
    Result<SealingTpm> tpm = sealing_tpm(turn_, token().tpm->storage_key);
    if (!tpm && tpm.error().kind<TpmFailure>() != TpmFailure::cleared) return tpm;
    Tpm* connected = TRY(turn_.tpm.connect());
    std::optional<TpmName> index = TRY(TpmNvIndex::look(*connected, kRollbackHandle));
    if (tpm && index == RollbackIndex(turn_.image->owner.name()).name()) return tpm;
    std::optional<TpmAuthorities> authorities = TRY(authorities_of(opened_.volume));
    TpmStorageKey key = TRY(prepare_tpm(*connected, *turn_.image, authorities ? &*authorities : nullptr));
    return SealingTpm{*connected, key, turn_.image->owner};
  }

  Turn& turn_;
  Opened& opened_;
  DataHeader header_;
  Homes homes_;
  UserRecord record_;
  bool without_tpm_ = false;  // the user has a seal, and the machine no TPM
};

}  // namespace

Status after_recovery(Turn& turn, Opened& opened) {
  return Recovery(turn, opened, TRY(read_data_header(opened.volume.metadata()))).run();
}

}  // namespace ashlar
