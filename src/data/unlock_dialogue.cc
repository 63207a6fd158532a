#include "data/unlock_dialogue.h"

#include "data/asking.h"
#include "data/explanations.h"
#include "data/owner_policies.h"
#include "data/recovery_key.h"
#include "sys/tpm_seal.h"

namespace ashlar {

Result<Opened> UnlockDialogue::run() {
  TRY(choose_user());
  for (;;) {
    Result<std::optional<Way>> way = find_way();
    std::optional<Opened> opened = TRY(way ? by_password(*way) : after_refusal(std::move(way).error()));
    if (opened) return std::move(*opened);
  }
}

Status UnlockDialogue::choose_user() {
  if (header_.users.empty()) return {};
  user_ = header_.users.begin()->first;
  if (header_.users.size() == 1) return {};
  // Their names lie in /data.
  std::vector<unsigned> users;
  std::vector<std::string> options;
  for (const auto& [user, entry] : header_.users) {
    users.push_back(user);
    options.push_back("User " + std::to_string(user));
  }
  Question question{.notice = {.heading = "Unlock this machine"}, .label = "User"};
  std::optional<std::size_t> chosen = TRY(turn_.prompter.choose(question, options, 0));
  user_ = users[chosen.value_or(0)];
  return {};
}

Result<std::optional<UnlockDialogue::Way>> UnlockDialogue::find_way() {
  if (user_ == 0) return fail("nobody has a password for /data");
  if (!token().tpm) return std::nullopt;
  const EnrolledTpm& enrolled = *token().tpm;
  if (!turn_.image) {
    return std::unexpected(Error("this image carries no policies that the owner signed, so the TPM gives nothing out")
                               .as(TpmFailure::other));
  }
  Tpm* tpm = TRY(turn_.tpm.connect());
  TpmStorageKey key = TRY(TpmStorageKey::open(*tpm, enrolled.storage_key));
  UnsealSteps steps = unseal_steps(turn_.image->signature, turn_.image->owner, enrolled.enrolled);
  Way way{*tpm, key, std::move(steps), enrolled.secret};
  std::optional<Error> refusal = TRY(foreseeable_refusal(*tpm, way.key, way.steps));
  if (refusal && refusal->kind<TpmFailure>() == TpmFailure::firmware_changed && enrolled.expecting) {
    UnsealSteps without = unseal_steps(turn_.image->signature, turn_.image->owner, {});
    Way announced{*tpm, key, std::move(without), *enrolled.expecting, true};
    refusal = TRY(foreseeable_refusal(*tpm, announced.key, announced.steps));
    if (!refusal) return announced;
  }
  if (refusal) return std::unexpected(std::move(*refusal));
  return way;
}

UnlockDialogue::Round UnlockDialogue::by_password(const std::optional<Way>& way) {
  Question question{.notice = {.heading = "Unlock this machine"}, .label = kPasswordLabel, .cancel = "other ways"};
  question.remark = std::exchange(remark_, {});
  if (header_.users.size() > 1) question.notice.lines.push_back({"User", {"User " + std::to_string(user_)}});
  if (way && question.remark.empty()) {
    std::optional<LockoutState> state = lockout();
    if (state && state->used != 0) question.notice.lines.push_back({"Tries left", {std::to_string(state->left())}});
  }
  if (way && way->as_expected) question.notice.lines.push_back({"", {"The firmware changed, as was announced."}});
  std::optional<Secret> typed = TRY(ask_password(turn_.prompter, std::move(question)));
  if (!typed) return other_ways();
  turn_.prompter.show({.heading = "Checking the password"});
  return check(*typed, way);
}

UnlockDialogue::Round UnlockDialogue::check(const Secret& typed, const std::optional<Way>& way) {
  StretchedPassword password = TRY(stretch(typed, token().password));
  std::optional<Secret> secret;
  if (way) {
    Result<Secret> unsealed = unseal(way->tpm, way->key, way->blobs, password.keys.tpm_auth, way->steps);
    if (!unsealed) {
      std::optional<TpmFailure> failure = unsealed.error().kind<TpmFailure>();
      if (failure == TpmFailure::locked_out) return std::nullopt;  // the next round says so
      if (failure != TpmFailure::wrong_auth) return after_refusal(std::move(unsealed).error());
      remark_ = wrong_password_remark(lockout());
      return std::nullopt;
    }
    secret = std::move(*unsealed);
  }
  Secret key = TRY(secret ? keyslot_key(password.keys.luks, *secret) : keyslot_key_without_tpm(password.keys.luks));
  Result<UnlockedVolume> volume = volume_.unlock(token().keyslot, key);
  if (volume) {
    return Opened{.volume = std::move(*volume),
                  .user = user_,
                  .password = std::move(password),
                  .tpm_secret = std::move(secret),
                  .as_expected = way && way->as_expected};
  }
  if (volume.error().kind<VolumeFailure>() != VolumeFailure::wrong_key) return std::unexpected(volume.error());
  if (way) return after_refusal(std::move(volume).error());
  remark_ = wrong_password_remark(std::nullopt);
  return std::nullopt;
}

UnlockDialogue::Round UnlockDialogue::other_ways() {
  std::vector<std::string> options{"Type the password", "Use the recovery key"};
  if (header_.users.size() > 1) options.emplace_back("Another user");
  std::size_t chosen = TRY(menu_or_leave(turn_.prompter, {.heading = "Unlock this machine"}, options));
  if (chosen == 1) return by_recovery_key({.heading = "Unlock with the recovery key"}, std::nullopt);
  if (chosen == 2) TRY(choose_user());
  return std::nullopt;
}

UnlockDialogue::Round UnlockDialogue::after_refusal(Error refusal) {
  turn_.log("ashlar: data: " + refusal.message());
  TpmFacts facts;
  bool interrupted = refusal.kind<TpmFailure>() == TpmFailure::interrupted;
  if (interrupted) turn_.tpm.give_up();
  if (user_ != 0 && token().tpm && !interrupted) {
    facts.enrolled = token().tpm->enrolled;
    facts.lockout = lockout();
    if (Result<Tpm*> tpm = turn_.tpm.connect()) facts.present = (*tpm)->read_pcrs({0, 2, 7}).value_or(PcrValues{});
  }
  Notice notice = explain_refusal(refusal, facts);
  if (interrupted) {
    std::size_t chosen = TRY(menu_or_leave(turn_.prompter, notice, {"Try again", "Use the recovery key"}));
    if (chosen == 0) return std::nullopt;
  }
  return by_recovery_key(notice, std::move(refusal));
}

UnlockDialogue::Round UnlockDialogue::by_recovery_key(const Notice& notice, std::optional<Error> refusal) {
  Question question{.notice = notice,
                    .label = kRecoveryKeyLabel,
                    .cancel = "try again, restart or turn off",
                    .expected_characters = kRecoveryTextSize};
  for (;;) {
    std::optional<Secret> typed = TRY(turn_.prompter.ask(question, Echo::text));
    if (!typed) {
      if (TRY(menu_or_leave(turn_.prompter, notice, {"Try again", "Use the recovery key"})) == 0) return std::nullopt;
      continue;
    }
    Result<Secret> key = parse_recovery_text(*typed);
    if (!key) {
      question.remark = as_sentence(key.error().message());
      continue;
    }
    turn_.prompter.show({.heading = "Checking the recovery key"});
    Result<UnlockedVolume> volume = volume_.unlock(kRecoveryKeyslot, *key);
    if (volume) {
      return Opened{
          .volume = std::move(*volume), .user = user_, .recovery_key = std::move(*key), .refusal = std::move(refusal)};
    }
    if (volume.error().kind<VolumeFailure>() != VolumeFailure::wrong_key) return std::unexpected(volume.error());
    question.remark = "This is not the recovery key of this machine's /data.";
  }
}

std::optional<LockoutState> UnlockDialogue::lockout() {
  Result<Tpm*> tpm = turn_.tpm.connect();
  if (!tpm) return std::nullopt;
  Result<LockoutState> state = lockout_state(**tpm);
  return state ? std::optional(*state) : std::nullopt;
}

}  // namespace ashlar
