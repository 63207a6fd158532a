#include "data/password_key.h"

#include <argon2.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/random.h"

namespace ashlar {
namespace {

// Argon2's arguments are not const, though it only writes to what its flags ask it to.
std::uint8_t* mutable_bytes(ByteView bytes) { return const_cast<std::uint8_t*>(bytes.data()); }

struct KdfRelease {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

}  // namespace

Result<Machine> this_machine() {
  struct sysinfo info{};
  if (::sysinfo(&info) != 0) return fail_errno("ask how much memory the machine has");
  long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  return Machine{std::uint64_t{info.totalram} * info.mem_unit / 1024, static_cast<unsigned>(std::max(1L, processors))};
}

Result<Argon2idParameters> calibrate_argon2id(const Machine& machine, std::chrono::duration<double> target) {
  constexpr std::array<std::uint8_t, 32> kZeros{};
  std::array<std::uint8_t, 64> tag{};
  auto start = std::chrono::steady_clock::now();
  TRY(argon2id({.password = kZeros,
                .salt = kZeros,
                .secret = {},
                .associated = {},
                .memory_kib = least_argon2id_memory(machine),
                .passes = 1,
                .lanes = std::min(machine.processors, kMostChosenLanes)},
               tag));
  Argon2idParameters chosen = choose_argon2id(machine, std::chrono::steady_clock::now() - start, target);
  TRY(fill_random(chosen.salt));
  return chosen;
}

Status argon2id(const Argon2idInput& input, std::span<std::uint8_t> out) {
  argon2_context context{};
  context.out = out.data();
  context.outlen = static_cast<std::uint32_t>(out.size());
  context.pwd = mutable_bytes(input.password);
  context.pwdlen = static_cast<std::uint32_t>(input.password.size());
  context.salt = mutable_bytes(input.salt);
  context.saltlen = static_cast<std::uint32_t>(input.salt.size());
  context.secret = mutable_bytes(input.secret);
  context.secretlen = static_cast<std::uint32_t>(input.secret.size());
  context.ad = mutable_bytes(input.associated);
  context.adlen = static_cast<std::uint32_t>(input.associated.size());
  context.m_cost = input.memory_kib;
  context.t_cost = input.passes;
  context.lanes = input.lanes;
  context.threads = input.lanes;
  context.version = ARGON2_VERSION_13;
  context.flags = ARGON2_DEFAULT_FLAGS;
  if (int code = argon2id_ctx(&context); code != ARGON2_OK) {
    return fail("Argon2id: " + std::string(argon2_error_message(code)));
  }
  return {};
}

Result<Secret> hkdf_sha512(const HkdfInput& input, std::size_t size) {
  Secret out = TRY(Secret::of_size(size));
  std::unique_ptr<EVP_KDF, KdfRelease> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  std::unique_ptr<EVP_KDF_CTX, KdfRelease> context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  if (!context) return fail("HKDF: this OpenSSL has none");
  std::string digest = "SHA512";
  std::string label(input.label);  // OSSL_PARAM takes no const
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, mutable_bytes(input.key), input.key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, label.data(), label.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, mutable_bytes(input.salt), input.salt.size()),
      OSSL_PARAM_construct_end(),
  };
  if (input.salt.empty()) parameters[3] = OSSL_PARAM_construct_end();  // RFC 5869, 2.2: then it is zeros
  if (EVP_KDF_derive(context.get(), out.bytes().data(), size, parameters) != 1) {
    return fail("HKDF of " + std::to_string(size) + " bytes failed");
  }
  return out;
}

Result<PasswordKeys> derive_password_keys(const Secret& password, const Argon2idParameters& parameters) {
  TRY(check_argon2id(parameters));
  Secret stretched = TRY(Secret::of_size(64));
  TRY(argon2id({.password = password.bytes(),
                .salt = parameters.salt,
                .secret = {},
                .associated = {},
                .memory_kib = parameters.memory_kib,
                .passes = parameters.passes,
                .lanes = parameters.lanes},
               stretched.bytes()));
  auto part = [&](std::string_view label) {
    return hkdf_sha512({.key = stretched.bytes(), .salt = {}, .label = label}, 32);
  };
  // One at a time: what stands before a TRY in braces is never destroyed when it returns (g++ 12).
  Secret tpm_auth = TRY(part("tpm-auth"));
  Secret luks = TRY(part("luks"));
  Secret home = TRY(part("home"));
  return PasswordKeys{std::move(tpm_auth), std::move(luks), std::move(home)};
}

Result<Secret> keyslot_key(const Secret& luks, const Secret& tpm_secret) {
  // Fixed sizes, so that no other pair gives the same bytes one after the other.
  if (luks.bytes().size() != 32 || tpm_secret.bytes().size() != 32)
    return fail("a keyslot's key has two halves of 32 bytes");
  Secret both = TRY(Secret::of_size(64));
  std::ranges::copy(luks.bytes(), both.bytes().begin());
  std::ranges::copy(tpm_secret.bytes(), both.bytes().begin() + 32);
  return hkdf_sha512({.key = both.bytes(), .salt = {}, .label = "luks-keyslot"}, 64);
}

Result<Secret> keyslot_key_without_tpm(const Secret& luks) {
  if (luks.bytes().size() != 32) return fail("a keyslot's key comes from 32 bytes");
  return hkdf_sha512({.key = luks.bytes(), .salt = {}, .label = "luks-keyslot-without-tpm"}, 64);
}

}  // namespace ashlar
