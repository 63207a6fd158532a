// From a password to keys: Argon2id once (RFC 9106), then HKDF-SHA-512 (RFC 5869) with one label for each use.
#pragma once

#include "base/secret.h"
#include "data/argon2id_parameters.h"

namespace ashlar {

Result<Machine> this_machine();
// choose_argon2id() with one pass measured here, with a salt from the kernel.
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

}  // namespace ashlar
