// How much work Argon2id is, and how that is chosen. Pure: what is measured and derived is password_key.h's.
#pragma once

#include <chrono>

#include "base/bytes.h"

namespace ashlar {

// Stored with each user, in plain.
struct Argon2idParameters {
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::uint32_t lanes = 0;
  std::array<std::uint8_t, 32> salt{};

  bool operator==(const Argon2idParameters&) const = default;
};
// What a stored value may be: less would be weak, more is an attack on the machine's memory and patience.
constexpr std::uint32_t kLeastArgon2idMemory = 64 * 1024;       // KiB
constexpr std::uint32_t kMostArgon2idMemory = 4 * 1024 * 1024;  // KiB
constexpr std::uint32_t kMostArgon2idPasses = 64;
constexpr std::uint32_t kMostArgon2idLanes = 16;
constexpr std::uint32_t kMostChosenLanes = 4;  // RFC 9106, 4, both recommendations
Status check_argon2id(const Argon2idParameters& parameters);

struct Machine {
  std::uint64_t memory_kib;  // RAM
  unsigned processors;
};

// The least memory for this machine: 512 MiB; where it has less than 4 GiB a quarter of it, but 64 MiB.
std::uint32_t least_argon2id_memory(const Machine& machine);
// Memory, passes and lanes that take about `target`, if one pass over least_argon2id_memory() takes `one_pass`. More
// time goes into three passes first, then into memory, up to a quarter of the machine's and 1 GiB, then
// into more passes. The salt is left zero.
Argon2idParameters choose_argon2id(const Machine& machine, std::chrono::duration<double> one_pass,
                                   std::chrono::duration<double> target);

}  // namespace ashlar
