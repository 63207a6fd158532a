// From a password to keys: Argon2id once (RFC 9106), then HKDF-SHA-512 (RFC 5869) with one label for each use.
#pragma once

#include <chrono>

#include "base/bytes.h"
#include "base/secret.h"

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
Status check_argon2id(const Argon2idParameters& parameters);

struct Machine {
  std::uint64_t memory_kib;  // RAM
  unsigned processors;
};
Result<Machine> this_machine();

// The least memory for this machine: 512 MiB; where it has less than 4 GiB a quarter of it, but 64 MiB.
std::uint32_t least_argon2id_memory(const Machine& machine);
// Memory, passes and lanes that take about `target`, if one pass over least_argon2id_memory() takes `one_pass`. More
// time goes into three passes first, then into memory, up to a quarter of the machine's and kMostArgon2idMemory. The
// salt is left zero.
Argon2idParameters choose_argon2id(const Machine& machine, std::chrono::duration<double> one_pass,
                                   std::chrono::duration<double> target);
// The same, measured here, with a salt from the kernel.
Result<Argon2idParameters> calibrate_argon2id(const Machine& machine,
                                              std::chrono::duration<double> target = std::chrono::seconds(1));

// What a password gives: one secret of 32 bytes for each use. None tells anything of another.
struct PasswordKeys {
  Secret tpm_auth;  // the TPM's authorization value: each wrong one costs a try
  Secret luks;      // this half and the TPM's secret make the key of the LUKS2 keyslot
  Secret home;      // wraps the key of the user's home
};
// Takes as long as was calibrated. Any bytes are a password, none included; it is the prompt that asks for better ones.
// Argon2 wipes its working memory before it gives it back.
Result<PasswordKeys> derive_password_keys(const Secret& password, const Argon2idParameters& parameters);

// The 64 bytes that open a user's LUKS2 keyslot. Without a TPM there is no second half, and another label.
Result<Secret> keyslot_key(const Secret& luks, const Secret& tpm_secret);
Result<Secret> keyslot_key_without_tpm(const Secret& luks);

// HKDF-SHA-512: `size` bytes from key material that has full entropy, or what Argon2id made.
struct HkdfInput {
  ByteView key;
  ByteView salt;
  std::string_view label;  // RFC 5869 calls it info
};
Result<Secret> hkdf_sha512(const HkdfInput& input, std::size_t size);

// Argon2id (version 0x13) with everything RFC 9106 lets in; `out` gives the size of the tag.
struct Argon2idInput {
  ByteView password;
  ByteView salt;
  ByteView secret;
  ByteView associated;
  std::uint32_t memory_kib;
  std::uint32_t passes;
  std::uint32_t lanes;
};
Status argon2id(const Argon2idInput& input, std::span<std::uint8_t> out);

// From the kernel's generator.
Status fill_random(std::span<std::uint8_t> bytes);
Result<Secret> random_secret(std::size_t size);

}  // namespace ashlar
