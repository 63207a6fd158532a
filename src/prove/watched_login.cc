#include "prove/watched_login.h"

#include <fmt/format.h>

#include <thread>

#include "data/prompt.h"
#include "prove/data_machine.h"
#include "prove/memory.h"
#include "sys/tpm_authority.h"

namespace ashlar::prove {
namespace {

constexpr std::uint32_t kUnseal = 0x15e;  // TPM_CC_Unseal
constexpr char kPasswordName[] = "password";
// A control: stands in every kernel's memory.
constexpr char kBanner[] = "what the kernel says first";

Bytes bytes_of(const Secret& secret) { return {secret.bytes().begin(), secret.bytes().end()}; }

std::string names_in(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace

Result<WatchedLogin> WatchedLogin::at_prompt(DataMachine& machine) {
  Outsider outsider = TRY(Outsider::with(machine.config.disk));
  vm::Asked asked = TRY(machine.start());
  if (asked.label != kPasswordLabel) return fail("no password is asked for: " + asked.text());
  Tpm tpm = TRY(machine.live_tpm());
  Secret secret = TRY(in("unseal while the prompt is open", outsider.unseal(tpm, kPassword)));
  PasswordKeys keys = TRY(outsider.keys(kPassword));
  Secret keyslot = TRY(keyslot_key(keys.luks, secret));
  std::vector<NamedSecret> secrets = {{kPasswordName, Bytes(std::begin(kPassword), std::end(kPassword) - 1)},
                                      {"TPM secret", bytes_of(secret)},
                                      {"authorization value", bytes_of(keys.tpm_auth)},
                                      {"keyslot's half", bytes_of(keys.luks)},
                                      {"home's part", bytes_of(keys.home)},
                                      {"keyslot key", bytes_of(keyslot)}};
  return WatchedLogin(std::move(outsider), std::move(secrets));
}

Status WatchedLogin::type_password(DataMachine& machine) {
  TRY(machine.machine().type_keys(kPassword));
  std::this_thread::sleep_for(std::chrono::seconds(3));  // the guest reads in its own time
  return machine.console().forget();
}

Status WatchedLogin::log_in(DataMachine& machine) {
  TRY(machine.machine().send_keys({"ret"}));
  vm::Asked asked = TRY(machine.console().next_question(kBootLimit));
  if (!asked.at_shell()) return fail("the password does not open: " + asked.text());
  TRY(machine.console().run("true"));
  wire_ = machine.traffic();
  return {};
}

Result<Found> WatchedLogin::search_memory(DataMachine& machine) const {
  Memory memory = TRY(Memory::of(machine.machine(), machine.config.memory_mib, machine.directory() / "memory"));
  Found found;
  for (const NamedSecret& secret : secrets_) found[secret.name] = memory.count(secret.value);
  found[kBanner] = memory.count(as_bytes(std::string_view("Linux version ")));
  return found;
}

Result<std::string> second_unseal_refused(DataMachine& machine, const Outsider& outsider) {
  Tpm tpm = TRY(machine.live_tpm());
  Result<Secret> again = outsider.unseal(tpm, kPassword);
  if (again) return fail("the attack went through: the TPM gave the secret out a second time");
  if (again.error().kind<TpmFailure>() != TpmFailure::already_unlocked) return std::unexpected(again.error());
  // It is the TPM that refuses, not only we who look first.
  PcrValues present = TRY(tpm.read_pcrs({kPcrUnlockingEnded}));
  Result<Secret> forced =
      outsider.unseal(tpm, kPassword, [&](UnsealSteps& steps) { steps.not_yet_unlocked = present; });
  if (forced) return fail("the attack went through: the TPM gave the secret out a second time, asked past PCR 15");
  constexpr char kPolicyFail[] = "0x0000099d";  // TPM_RC_POLICY_FAIL of the session
  if (forced.error().message().find(kPolicyFail) == std::string::npos) return std::unexpected(forced.error());
  if (TRY(lockout_state(tpm)).used != 0) return fail("it cost a try");
  return again.error().message() + "; asked past it: " + forced.error().message();
}

Result<std::string> wire_tells_nothing(const TpmWire& wire, const std::vector<NamedSecret>& secrets, ByteView plain) {
  std::vector<std::string> heard;
  for (const NamedSecret& secret : secrets) {
    if (wire.carried(secret.value)) heard.push_back(secret.name);
  }
  if (!heard.empty()) return fail("the attack went through: the wire carried " + names_in(heard));
  auto unseals = std::ranges::count(wire.commands, kUnseal, tpm_command_code);
  if (unseals != 1) return fail(fmt::format("nothing was overheard: {} TPM2_Unseal passed, not one", unseals));
  if (!wire.carried(plain)) return fail("nothing was overheard: what is sent in plain was not found either");
  return fmt::format("{} commands, one TPM2_Unseal among them, and in no message any of {} secrets",
                     wire.commands.size(), secrets.size());
}

Result<std::string> memory_keeps_nothing(const Found& while_typed, const Found& afterwards) {
  auto times = [](const Found& found, const std::string& name) {
    auto at = found.find(name);
    return at == found.end() ? 0 : at->second;
  };
  if (times(while_typed, kPasswordName) == 0) {
    return fail("memory was not searched: the password is not in it while it is typed");
  }
  if (times(afterwards, kBanner) == 0) return fail("memory was not searched: the kernel is not in it");
  std::vector<std::string> left;
  for (const auto& [name, count] : afterwards) {
    if (name != kBanner && count != 0) left.push_back(name);
  }
  if (!left.empty()) return fail("the attack went through: still in memory: " + names_in(left));
  return fmt::format("none of {} secrets; the password was there {} times while it was typed", afterwards.size() - 1,
                     times(while_typed, kPasswordName));
}

}  // namespace ashlar::prove
