// What unlocking /data takes, part by part: the chosen Argon2id, and what comes beside it. The TPM is swtpm, so its
// part says what our commands cost, not what a chip takes for them.
#include <benchmark/benchmark.h>

#include "base/random.h"
#include "data/owner_policies.h"
#include "data/password_key.h"
#include "data/testing.h"
#include "format/pcr_signer.h"
#include "format/rollback.h"
#include "format/testing.h"
#include "sys/test_tpm.h"
#include "sys/tpm_seal.h"

namespace ashlar {
namespace {

using testing::owner;

// A value, or the end of the run with what failed.
template <typename T>
T need(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "unlock_bench: %s\n", result.error().message().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

Argon2idParameters chosen() {
  static const Argon2idParameters kChosen = need(calibrate_argon2id(need(this_machine())));
  return kChosen;
}

// A TPM with a secret sealed in it, as set-up leaves it.
struct Sealed {
  TestTpm machine;
  Tpm tpm = machine.power_on();
  RsaPublicKey owner_key = need(rsa_public_key_of(owner().certificate));
  PcrSignature signature =
      need(sign_image_policies(owner(), Sha256Digest{}, need(Epoch::from(0))));  // of an image nothing has measured
  TpmStorageKey key = need(TpmStorageKey::open(tpm, need(TpmStorageKey::establish(tpm, nullptr))));
  PcrValues enrolled = need(tpm.read_pcrs({0, 2, 7}));
  Secret auth = need(random_secret(32));
  SealedBlobs blobs = need(seal(tpm, key, need(random_secret(32)), auth, data_policy(owner_key.name(), enrolled)));
  UnsealSteps steps = unseal_steps(signature, owner_key, enrolled);

  Sealed() { need(prepare_rollback_index(tpm, key, nullptr, signature, owner_key)); }
};

void argon2id_of_a_login(benchmark::State& state) {
  Secret password = testing::secret_of("a password of some length");
  for (auto _ : state) benchmark::DoNotOptimize(need(derive_password_keys(password, chosen())));
  state.SetLabel(std::to_string(chosen().memory_kib / 1024) + " MiB, passes: " + std::to_string(chosen().passes));
}

void tpm_asked_before_the_prompt(benchmark::State& state) {
  Sealed sealed;
  for (auto _ : state) {
    if (need(foreseeable_refusal(sealed.tpm, sealed.key, sealed.steps))) state.SkipWithError("refused");
  }
}

void tpm_gives_the_secret(benchmark::State& state) {
  Sealed sealed;
  for (auto _ : state) {
    benchmark::DoNotOptimize(need(unseal(sealed.tpm, sealed.key, sealed.blobs, sealed.auth, sealed.steps)));
  }
}

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

BENCHMARK(argon2id_of_a_login)->Unit(benchmark::kMillisecond)->Iterations(3)->UseRealTime();
BENCHMARK(tpm_asked_before_the_prompt)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(tpm_gives_the_secret)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(luks2_header_and_keyslot)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace ashlar

BENCHMARK_MAIN();
