// At the prompt and after it: guessing, and what somebody finds out who listens, searches, and asks the TPM himself.
#include <fmt/format.h>

#include <thread>

#include "data/prompt.h"
#include "prove/attack_data.h"
#include "sys/tpm_authority.h"

namespace ashlar::prove {
namespace {

constexpr unsigned kTries = 10;

Status nobody_watched() { return fail("nobody watched a login"); }

// Wrong passwords until the machine asks for none any more.
Status guess(DataScene& scene) {
  scene.asked = TRY(scene.machine.start());
  if (scene.asked.label != kPasswordLabel) return fail("no password is asked for: " + scene.asked.text());
  scene.asked = TRY(scene.machine.answer(""));
  if (!scene.asked.says("Nothing was typed.")) return fail("an empty password counts: " + scene.asked.text());
  // What is no ASCII, and what is as long as can be typed.
  const std::vector<std::string> guesses = {"wrong", "p\u00e4ssw\u00f6rter \u4f60\u597d", std::string(1024, 'x')};
  for (unsigned used = 1; used <= kTries; ++used) {
    if (scene.asked.label != kPasswordLabel) return fail(fmt::format("try {}: {}", used, scene.asked.text()));
    scene.asked = TRY(scene.machine.answer(used <= guesses.size() ? guesses[used - 1] : fmt::format("guess {}", used)));
    const unsigned left = kTries - used;
    std::string remark = fmt::format("Wrong password. {} {} left.", left, left == 1 ? "try" : "tries");
    if (left != 0 && !scene.asked.says(remark)) return fail("\"" + remark + "\" is not said: " + scene.asked.text());
  }
  return {};
}

Result<std::string> locked(DataScene& scene) {
  std::string evidence = TRY(refused(scene.asked, {.says = {"The TPM is locked after too many wrong passwords.",
                                                            "it gives one try back every 2 hours"}}));
  Outsider outsider = TRY(Outsider::with(scene.lab.origin.disk()));
  Tpm tpm = TRY(scene.machine.live_tpm());
  Result<Secret> right = outsider.unseal(tpm, kPassword);
  if (right) return fail("the attack went through: the TPM answers the right password at once");
  constexpr char kLockout[] = "0x00000921";  // TPM_RC_LOCKOUT
  if (right.error().kind<TpmFailure>() != TpmFailure::locked_out || !right.error().message().contains(kLockout)) {
    return std::unexpected(right.error());
  }

  // Two hours in a few seconds, by who knows the lockout authorization.
  UnlockedVolume volume = TRY(outsider.recover(scene.lab.origin.recovery_key));
  TpmAuthorities authorities = TRY(Outsider::authorities(volume));
  TpmStorageKey key = TRY(outsider.storage_key(tpm));
  TRY(set_lockout_parameters(tpm, key, &authorities.lockout, {.tries = kTries, .recovery = std::chrono::seconds(4)}));
  for (int i = 0; i < 60 && TRY(lockout_state(tpm)).locked; ++i) std::this_thread::sleep_for(std::chrono::seconds(1));
  TRY(scene.machine.console().leave());
  scene.asked = TRY(scene.machine.console().next_question(kBootLimit));
  scene.asked = TRY(scene.machine.unlock_again(scene.asked));
  if (!scene.asked.at_shell()) return fail("after waiting: " + scene.asked.text());
  if (TRY(lockout_state(tpm)).used != 0) return fail("a success does not clear the count");
  scene.control += "; after waiting the right password opens it, and the count is zero";
  return evidence + " The right password then: " + right.error().message();
}

Status watch(DataScene& scene) {
  scene.login.emplace(TRY(WatchedLogin::at_prompt(scene.machine)));
  TRY(scene.login->type_password(scene.machine));
  TRY(scene.login->log_in(scene.machine));
  scene.control += "; while the prompt was open, the same password and disk got the secret from beside the machine";
  return {};
}

Status watch_memory(DataScene& scene) {
  scene.login.emplace(TRY(WatchedLogin::at_prompt(scene.machine)));
  TRY(scene.login->type_password(scene.machine));
  scene.login->while_typed = TRY(scene.login->search_memory(scene.machine));
  TRY(scene.login->log_in(scene.machine));
  scene.login->afterwards = TRY(scene.login->search_memory(scene.machine));
  return {};
}

}  // namespace

std::vector<DataAttack> data_login_attacks() {
  return {
      {.id = "data.guessing",
       .what = "Ten wrong passwords are typed, 1,024 characters and UTF-8 among them",
       .denied_by = "TPM lockout",
       .expected = "the tries left are counted down, then no password is asked for, and the TPM refuses the right one",
       .carry_out = guess,
       .judge = locked,
       .tier = Tier::sample},
      {.id = "data.second-unseal",
       .what = "After the login the TPM is asked for the secret again, with the password and the disk",
       .denied_by = "PCR 15",
       .expected = "TPM_RC_POLICY_FAIL, and no try is used up",
       .carry_out = watch,
       .judge = [](DataScene& scene) -> Result<std::string> {
         if (!scene.login) TRY(nobody_watched());
         return second_unseal_refused(scene.machine, scene.login->outsider());
       },
       .tier = Tier::sample},
      {.id = "data.bus-sniffer",
       .what = "Everything between processor and TPM is recorded during a login",
       .denied_by = "encrypted sessions",
       .expected = "no message has password, authorization value, key parts or the TPM's secret in it",
       .carry_out = watch,
       .judge = [](DataScene& scene) -> Result<std::string> {
         if (!scene.login) TRY(nobody_watched());
         return wire_tells_nothing(scene.login->wire(), scene.login->secrets(),
                                   scene.login->outsider().signature().policies.unseal.bytes);
       }},
      {.id = "data.memory",
       .what = "All of the machine's memory is searched while the password is typed, and after the login",
       .denied_by = "wiped memory",
       .expected = "after it neither password, authorization value, key parts nor the TPM's secret are anywhere",
       .carry_out = watch_memory,
       .judge = [](DataScene& scene) -> Result<std::string> {
         if (!scene.login) TRY(nobody_watched());
         return memory_keeps_nothing(scene.login->while_typed, scene.login->afterwards);
       }},
  };
}

}  // namespace ashlar::prove
