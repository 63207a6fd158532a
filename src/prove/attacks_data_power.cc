// The power is cut at moments chosen at random, while something is being changed.
#include <fmt/format.h>

#include <random>

#include "data/prompt.h"
#include "prove/attack_data.h"

namespace ashlar::prove {
namespace {

constexpr char kNextPassword[] = "seventeen patient herons";
constexpr unsigned kLongestChange = 12000;  // milliseconds

Status expect_label(const vm::Asked& asked, std::string_view label) {
  if (asked.label == label) return {};
  return fail("asked for \"" + std::string(label) + "\" was expected: " + asked.text());
}

// Some time of the change passes, and the power is gone.
Status cut(DataMachine& machine, vm::Milliseconds after) {
  for (vm::Deadline deadline = vm::Deadline::after(after); !deadline.passed();) {
    TRY(machine.machine().read_serial(vm::Milliseconds(deadline.left())));
  }
  return machine.cut_power();
}

// The last answer of what is changed.
Status begin_set_up(DataMachine& machine) {
  TRY(machine.power_on());
  // Set-up begins when the password was typed the second time.
  TRY(set_up(machine, [](const vm::Asked& asked) { return asked.label == kAgainLabel; }));
  return machine.console().answer(kPassword);
}

Status begin_unlock(DataMachine& machine) {
  TRY(expect_label(TRY(machine.start()), kPasswordLabel));
  return machine.console().answer(kPassword);
}

Status begin_password_change(DataMachine& machine) {
  TRY(machine.expect_opens());
  TRY(machine.console().run("ashlarctl user passwd u1"));
  TRY(machine.power_off());
  vm::Asked asked = TRY(machine.choose(TRY(machine.unlock()), "Choose a new password"));
  TRY(expect_label(TRY(machine.answer(kNextPassword)), kAgainLabel));
  return machine.console().answer(kNextPassword);
}

Status begin_reseal(DataMachine& machine, const Origin& origin) {
  TRY(machine.replace_tpm());
  TRY(expect_label(TRY(machine.start()), kRecoveryKeyLabel));
  vm::Asked asked = TRY(machine.choose(TRY(machine.answer(origin.recovery_key)), "Type my password"));
  TRY(expect_label(asked, kPasswordLabel));
  return machine.console().answer(kPassword);
}

// From power-on; one of the passwords opens, and everything is there.
Status expect_opens_with(DataMachine& machine, std::initializer_list<std::string_view> passwords) {
  vm::Asked asked = TRY(machine.start());
  for (std::string_view password : passwords) {
    if (asked.label == kPasswordLabel) asked = TRY(machine.answer(password));
  }
  // What was queued may be asked for again.
  if (asked.option("Not now")) asked = TRY(machine.choose(asked, "Not now"));
  if (!asked.at_shell()) return fail("no password opens it: " + asked.text());
  TRY(machine.expect_kept(kFile));
  return machine.expect_kept(kHomeFile);
}

Status expect_set_up_again(DataMachine& machine) {
  TRY(machine.power_on());
  FirstBoot done = TRY(set_up(machine));
  if (!done.last.at_shell()) return fail("set-up ended before the shell: " + done.last.text());
  if (done.recovery_key.empty()) return fail("set-up did not start again, though nobody had the recovery key yet");
  TRY(machine.power_off());
  vm::Asked asked = TRY(machine.unlock());
  return asked.at_shell() ? Status{} : fail("the password does not open: " + asked.text());
}

Status expect_resealed(DataMachine& machine, const Origin& origin) {
  vm::Asked asked = TRY(machine.start());
  if (asked.label == kRecoveryKeyLabel) {  // before it was sealed
    asked = TRY(machine.choose(TRY(machine.answer(origin.recovery_key)), "Type my password"));
    asked = TRY(machine.answer(kPassword));
    if (!asked.at_shell()) return fail("after the recovery key: " + asked.text());
    TRY(machine.power_off());
  } else {
    TRY(machine.cut_power());
  }
  return expect_opens_with(machine, {kPassword});
}

DataAttack power_cut(const std::string& id, const std::string& what, During during, vm::Milliseconds after) {
  DataAttack attack{.id = "data.power-cut-" + id,
                    .what = fmt::format("The power is cut {} ms after the last answer of {}", after.count(), what),
                    .denied_by = "order of writes",
                    .expected = during == During::set_up
                                    ? "set-up starts again, and then the password opens /data"
                                    : "it opens with the old or the new password, and nothing is lost"};
  attack.carry_out = [during, after](DataScene& scene) -> Status {
    if (during == During::set_up) {
      TRY(scene.machine.replace_tpm());
      scene.machine.config.disk = scene.lab.origin.setting.image;
      scene.machine.config.firmware_variables = scene.lab.origin.setting.variables;
    }
    TRY(cut_power_during(scene.machine, scene.lab.origin, during, after));
    scene.power_cut = after;
    return {};
  };
  attack.judge = [during](DataScene& scene) -> Result<std::string> {
    if (!scene.power_cut) return fail("the power was not cut");
    TRY(expect_survived(scene.machine, scene.lab.origin, during));
    return during == During::set_up ? "set up again, and open" : "open, and what was written is there";
  };
  return attack;
}

}  // namespace

Status cut_power_during(DataMachine& machine, const Origin& origin, During during, vm::Milliseconds after) {
  switch (during) {
    case During::set_up:
      TRY(begin_set_up(machine));
      break;
    case During::unlock:
      TRY(begin_unlock(machine));
      break;
    case During::password_change:
      TRY(begin_password_change(machine));
      break;
    case During::reseal:
      TRY(begin_reseal(machine, origin));
      break;
  }
  return cut(machine, after);
}

Status expect_survived(DataMachine& machine, const Origin& origin, During during) {
  switch (during) {
    case During::set_up:
      return expect_set_up_again(machine);
    case During::unlock:
      return expect_opens_with(machine, {kPassword});
    case During::password_change:
      return expect_opens_with(machine, {kNextPassword, kPassword});
    case During::reseal:
      return expect_resealed(machine, origin);
  }
  return {};
}

vm::Milliseconds moment_of_cut(std::uint64_t seed, std::uint64_t index) {
  std::mt19937_64 random(seed * 1000 + index);
  return vm::Milliseconds(random() % kLongestChange);
}

std::vector<DataAttack> data_power_cuts(std::uint64_t seed) {
  return {
      power_cut("set-up", "first boot", During::set_up, moment_of_cut(seed, 0)),
      power_cut("unlock", "unlocking", During::unlock, moment_of_cut(seed, 1)),
      power_cut("password", "a change of password", During::password_change, moment_of_cut(seed, 2)),
      power_cut("reseal", "sealing anew with the recovery key", During::reseal, moment_of_cut(seed, 3)),
  };
}

}  // namespace ashlar::prove
