// What unlocking /data takes, part by part: the Argon2id chosen for this machine, and what comes beside it. The TPM is
// swtpm: its parts say what our commands and their number cost, not what a chip takes for them. The peer is what
// cryptsetup takes for a LUKS2 volume whose keyslot has that Argon2id, or as near as it lets one come.
#include <benchmark/benchmark.h>

#include <iostream>

#include "base/random.h"
#include "base/subprocess.h"
#include "data/owner_policies.h"
#include "data/password_key.h"
#include "data/testing.h"
#include "format/pcr_signer.h"
#include "format/testing.h"
#include "sys/test_tpm.h"
#include "sys/tpm_seal.h"

namespace ashlar {
namespace {

using testing::owner;

constexpr char kPassword[] = "a password of some length";

// A value, or the end of the run with what failed.
template <typename T>
T need(Result<T> result) {
  if (!result) {
    std::cerr << "unlock_bench: " << result.error().message() << '\n';
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

const Argon2idParameters& chosen() {
  static const Argon2idParameters kChosen = need(calibrate_argon2id(need(this_machine())));
  return kChosen;
}
std::string in_words(std::uint32_t passes) {
  return std::to_string(chosen().memory_kib / 1024) + " MiB, " + std::to_string(passes) + " passes, " +
         std::to_string(chosen().lanes) + " lanes";
}

// A TPM with a secret sealed in it, as set-up leaves it.
struct Sealed {
  TestTpm machine;
  Tpm tpm = machine.power_on();
  RsaPublicKey owner_key = need(rsa_public_key_of(owner().certificate));
  PcrSignature signature = need(sign_image_policies(owner(), Sha256Digest{}, need(Epoch::from(0))));
  TpmStorageKey key = need(TpmStorageKey::open(tpm, need(TpmStorageKey::establish(tpm, nullptr))));
  PcrValues enrolled = need(tpm.read_pcrs({0, 2, 7}));
  Secret auth = need(random_secret(32));
  SealedBlobs blobs = need(seal(tpm, key, need(random_secret(32)), auth, data_policy(owner_key.name(), enrolled)));
  UnsealSteps steps = unseal_steps(signature, owner_key, enrolled);

  Sealed() { need(prepare_rollback_index(tpm, key, nullptr, signature, owner_key)); }
};

// Before the prompt: the storage key found and its name compared, PCRs, rollback index and lockout asked for.
void before_the_prompt(benchmark::State& state) {
  Sealed sealed;
  for (auto _ : state) {
    TpmStorageKey key = need(TpmStorageKey::open(sealed.tpm, sealed.key.name()));
    if (need(foreseeable_refusal(sealed.tpm, key, sealed.steps))) state.SkipWithError("refused");
  }
}

void argon2id_of_the_password(benchmark::State& state) {
  Secret password = testing::secret_of(kPassword);
  for (auto _ : state) benchmark::DoNotOptimize(need(derive_password_keys(password, chosen())));
  state.SetLabel(in_words(chosen().passes));
}

// A salted session, the policy with its two signatures, TPM2_Unseal.
void unseal(benchmark::State& state) {
  Sealed sealed;
  for (auto _ : state) {
    benchmark::DoNotOptimize(need(ashlar::unseal(sealed.tpm, sealed.key, sealed.blobs, sealed.auth, sealed.steps)));
  }
}

// The header read and its form checked, the keyslot opened, the HMAC compared.
void luks2_header_and_keyslot(benchmark::State& state) {
  testing::Disk disk;
  {
    UnlockedVolume volume = need(Volume::format(disk.path()));
    need(volume.begin({{0}, {}}));
    need(volume.add_keyslot(0, testing::key_of(1)));
    need(volume.finish());
  }
  for (auto _ : state) {
    Volume volume = need(Volume::load(disk.path()));
    benchmark::DoNotOptimize(need(volume.unlock(0, testing::key_of(1))));
  }
}

void peer_cryptsetup_with_argon2id(benchmark::State& state) {
  if (!find_program("cryptsetup")) return state.SkipWithError("cryptsetup is not installed");
  const std::uint32_t passes = std::max(chosen().passes, 4U);  // it takes no fewer
  testing::Disk disk;
  auto cryptsetup = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"cryptsetup", "--batch-mode", "--key-file", "-"});
    need(run_checked({.argv = std::move(arguments), .input = kPassword}));
  };
  cryptsetup({"luksFormat", "--type", "luks2", "--pbkdf", "argon2id", "--pbkdf-memory",
              std::to_string(chosen().memory_kib), "--pbkdf-force-iterations", std::to_string(passes),
              "--pbkdf-parallel", std::to_string(chosen().lanes), disk.path()});
  for (auto _ : state) cryptsetup({"open", "--test-passphrase", disk.path()});
  state.SetLabel(in_words(passes));
}

BENCHMARK(before_the_prompt)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(argon2id_of_the_password)->Unit(benchmark::kMillisecond)->Iterations(3)->UseRealTime();
BENCHMARK(unseal)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(luks2_header_and_keyslot)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(peer_cryptsetup_with_argon2id)->Unit(benchmark::kMillisecond)->Iterations(3)->UseRealTime();

}  // namespace
}  // namespace ashlar

BENCHMARK_MAIN();
