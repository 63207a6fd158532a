#include "data/argon2id_parameters.h"

#include <algorithm>

namespace ashlar {
namespace {

constexpr std::uint32_t kUsualLeast = 512 * 1024;         // KiB
constexpr std::uint64_t kSmallMachine = 4 * 1024 * 1024;  // KiB
constexpr std::uint32_t kMemoryStep = 1024;               // KiB
constexpr std::uint32_t kWantedPasses = 3;                // RFC 9106, 4, second recommendation
constexpr std::uint32_t kMostChosenMemory = 1024 * 1024;  // KiB: more would hurt a desktop that is running

}  // namespace

Status check_argon2id(const Argon2idParameters& parameters) {
  if (parameters.memory_kib < kLeastArgon2idMemory || parameters.memory_kib > kMostArgon2idMemory) {
    return fail("Argon2id with " + std::to_string(parameters.memory_kib) + " KiB of memory");
  }
  if (parameters.passes < 1 || parameters.passes > kMostArgon2idPasses) {
    return fail("Argon2id with " + std::to_string(parameters.passes) + " passes");
  }
  if (parameters.lanes < 1 || parameters.lanes > kMostArgon2idLanes) {
    return fail("Argon2id with " + std::to_string(parameters.lanes) + " lanes");
  }
  return {};
}

std::uint32_t least_argon2id_memory(const Machine& machine) {
  if (machine.memory_kib >= kSmallMachine) return kUsualLeast;
  auto quarter = static_cast<std::uint32_t>(machine.memory_kib / 4 / kMemoryStep * kMemoryStep);
  return std::max(quarter, kLeastArgon2idMemory);
}

Argon2idParameters choose_argon2id(const Machine& machine, std::chrono::duration<double> one_pass,
                                   std::chrono::duration<double> target) {
  std::uint32_t least = least_argon2id_memory(machine);
  auto most = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(machine.memory_kib / 4, least, kMostChosenMemory) /
                                         kMemoryStep * kMemoryStep);
  // Time is proportional to memory times passes.
  double affordable =
      std::max(1.0, target / std::max(one_pass, std::chrono::duration<double>(1e-4)));  // passes over `least`
  double memory = std::clamp<double>(least * (affordable / kWantedPasses), least, most);
  Argon2idParameters chosen;
  chosen.memory_kib = static_cast<std::uint32_t>(memory) / kMemoryStep * kMemoryStep;
  chosen.passes = static_cast<std::uint32_t>(
      std::clamp<double>(affordable * least / chosen.memory_kib + 0.5, 1, kMostArgon2idPasses));
  chosen.lanes = std::min(machine.processors, kMostChosenLanes);
  return chosen;
}

}  // namespace ashlar
