#include "data/first_boot.h"

#include "data/asking.h"
#include "data/enrolment.h"
#include "data/explanations.h"
#include "data/finish.h"
#include "data/keyboard_layouts.h"
#include "data/password_quality.h"
#include "data/recovery_ceremony.h"
#include "data/tpm_preparation.h"
#include "data/welcome.h"

namespace ashlar {
namespace {

constexpr unsigned kFirstUser = 1;

struct Answers {
  std::string keyboard;
  std::string name;
  Secret password;
};

Status welcome(Turn& turn) {
  std::size_t chosen = TRY(menu_or_leave(turn.prompter, welcome_notice(), {kSetUp, kStartWithoutData}));
  if (chosen == 0) return {};
  return std::unexpected(Error("the machine goes on without /data").as(TurnEnd::skipped));
}

// True: with the TPM. Errors: TurnEnd.
Result<bool> decide_about_tpm(Turn& turn) {
  for (;;) {
    Result<Tpm*> tpm = turn.tpm.connect();
    if (!tpm && tpm.error().kind<TpmFailure>() == TpmFailure::absent) {
      Notice notice{.heading = "This machine shows no TPM", .tone = Tone::notice, .lines = words_without_tpm()};
      notice.lines.insert(notice.lines.begin(), {"", {"It may be switched off in the firmware's setup."}});
      std::size_t chosen = TRY(menu_or_leave(turn.prompter, notice, {"Look again", "Set up without a TPM"}));
      if (chosen == 1) return false;
      continue;
    }
    Tpm* present = TRY(std::move(tpm));
    if (!turn.image) return fail("this image carries no policies that the owner signed, so the TPM is of no use to it");
    LockoutState state = TRY(lockout_state(*present));
    if (!state.owner_set && !state.lockout_set) return true;
    Notice notice = explain_refusal(Error("").as(TpmFailure::owned), {});
    notice.heading = "The TPM is in use";
    TRY(menu_or_leave(turn.prompter, notice, {"Try again"}));
  }
}

Result<Answers> ask_person(Turn& turn, bool with_tpm) {
  std::vector<std::string> layouts;
  for (const NamedLayout& layout : keyboard_layouts()) layouts.emplace_back(layout.words);
  Question keyboard{.notice = {.heading = "Which keyboard is this?"}, .label = "Keyboard"};
  std::size_t chosen = TRY(turn.prompter.choose(keyboard, layouts, 0)).value_or(0);
  std::string layout(keyboard_layouts()[chosen].name);
  TRY(turn.prompter.use_keyboard_layout(layout));
  std::string name = TRY(ask_name(turn.prompter, {.heading = "Who is going to use this machine?"}));
  Notice notice{.heading = "A password for " + name};
  notice.lines.push_back({"", {"It opens this machine."}});
  std::optional<Secret> password =
      TRY(ask_new_password(turn.prompter, {.notice = notice,
                                           .least_bits = with_tpm ? kLeastBitsWithTpm : kLeastBitsWithoutTpm,
                                           .name = name,
                                           .cancel = ""}));
  if (!password) return fail("a password is needed");
  return Answers{std::move(layout), std::move(name), std::move(*password)};
}

// The volume with everything its header holds, authenticated.
Result<UnlockedVolume> make_volume(const fs::path& device, const Answers& answers, const StretchedPassword& password,
                                   const Secret& recovery_key, SealingTpm* tpm, const TpmAuthorities* authorities) {
  constexpr UserPlace kPlace{.user = kFirstUser, .keyslot = 1, .token = 0};
  constexpr unsigned kMachineNumber = 1;
  constexpr unsigned kAuthorityNumber = 2;
  UnlockedVolume volume = TRY(Volume::format(device));
  TRY(volume.begin({{kRecoveryKeyslot, kPlace.keyslot}, {kPlace.token, kMachineNumber, kAuthorityNumber}}));
  TRY(volume.add_keyslot(kRecoveryKeyslot, recovery_key));
  TRY(add_user_key(volume, kPlace, password, tpm));
  TRY(volume.put_token(kMachineNumber, build_machine_token({answers.keyboard})));
  if (authorities != nullptr) {
    Secret sealing = TRY(volume.derive_key(kTpmAuthorityLabel, 32));
    TRY(volume.put_token(kAuthorityNumber, TRY(build_tpm_authority_token(*authorities, sealing))));
  }
  TRY(volume.finish());
  return volume;
}

Status set_up(Turn& turn, const Answers& answers, bool with_tpm) {
  turn.prompter.show({.heading = "Measuring", .lines = {{"", {"How much work a guess at the password shall be."}}}});
  StretchedPassword password = TRY(stretch(answers.password, TRY(turn.calibrate())));
  turn.prompter.show({.heading = "Setting up"});

  // The TPM first: it may refuse, and nothing was touched then.
  std::optional<SealingTpm> tpm;
  std::optional<TpmAuthorities> authorities;
  if (with_tpm) {
    Tpm* present = TRY(turn.tpm.connect());
    tpm.emplace(*present, TRY(prepare_tpm(*present, *turn.image, nullptr)), turn.image->owner);
    authorities = TRY(random_authorities());
  }
  fs::path device = TRY(turn.storage.make_partition());
  Secret recovery_key = TRY(make_recovery_key());
  UnlockedVolume volume = TRY(make_volume(device, answers, password, recovery_key, tpm ? &*tpm : nullptr,
                                          authorities ? &*authorities : nullptr));
  TRY(turn.storage.activate(volume));
  TRY(turn.storage.make_file_system());
  TRY(turn.storage.mount());
  Homes homes(turn.storage);
  TRY(homes.prepare(TRY(recovery_public_key(recovery_key))));
  TRY(homes.create(kFirstUser, answers.name, {password.parameters, password.keys.home}));
  TRY(recovery_ceremony(turn.prompter, recovery_key));

  // From here on it is a /data, which no program makes anew.
  TRY(turn.storage.complete_partition());
  Opened opened{.volume = std::move(volume), .user = kFirstUser, .password = std::move(password)};
  return finish(turn, opened);
}

}  // namespace

Status first_boot(Turn& turn) {
  TRY(welcome(turn));
  bool with_tpm = TRY(decide_about_tpm(turn));
  Answers answers = TRY(ask_person(turn, with_tpm));
  for (;;) {
    Status done = set_up(turn, answers, with_tpm);
    if (done || done.error().kind<TurnEnd>()) return done;
    turn.storage.put_away();
    turn.tpm.give_up();
    turn.log("ashlar: data: set-up: " + done.error().message());
    Notice notice = explain_failure(done.error());
    notice.heading = "Setting up did not work";
    TRY(menu_or_leave(turn.prompter, notice, {"Try again"}));
  }
}

}  // namespace ashlar
