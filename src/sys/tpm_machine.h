// What the tests of the TPM's library share: an owner, a stranger, and a machine (swtpm) with the owner's image on it.
#pragma once

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "sys/test_tpm.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_rollback.h"
#include "sys/tpm_seal.h"

namespace ashlar::tpm_testing {

inline Secret secret_of(std::uint8_t value, std::size_t size = 32) {
  return Secret::copy_of(Bytes(size, value)).value();
}

// The owner's PCR key.
class OwnerKey {
 public:
  OwnerKey() : key_(EVP_RSA_gen(2048), EVP_PKEY_free) {
    BIGNUM* n = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_RSA_N, &n);
    std::array<std::uint8_t, 256> modulus{};
    BN_bn2binpad(n, modulus.data(), modulus.size());
    BN_free(n);
    area_ = rsa2048_public_area(modulus);
  }
  [[nodiscard]] const Bytes& area() const { return area_; }
  [[nodiscard]] TpmName name() const { return tpm_name(area_); }
  [[nodiscard]] SignedPolicy sign(const Sha256Digest& approved, std::string policy_ref) const {
    Bytes message = policy_approval(approved, as_bytes(policy_ref));
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    Bytes signature(256);
    std::size_t size = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    EXPECT_EQ(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()), 1);
    return {area_, std::move(policy_ref), approved, std::move(signature)};
  }

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  Bytes area_;
};
inline const OwnerKey& owner() {
  static const OwnerKey key;
  return key;
}
inline const OwnerKey& stranger() {
  static const OwnerKey key;
  return key;
}

inline constexpr std::uint32_t kIndex = 0x01804153;
inline constexpr char kUnseal[] = "unseal";
inline constexpr char kWrite[] = "write";

// The rollback index of this owner, before (and after) it is written.
inline TPMS_NV_PUBLIC index_area(bool written) {
  TPMS_NV_PUBLIC area{};
  area.nvIndex = kIndex;
  area.nameAlg = TPM2_ALG_SHA256;
  area.attributes = TPMA_NV_POLICYWRITE | (TPM2_NT_BITS << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA |
                    (written ? TPMA_NV_WRITTEN : 0);
  area.authPolicy =
      esys::digest_of(PolicyDigest().authorize(owner().name(), as_bytes(std::string_view(kWrite))).value());
  area.dataSize = 8;
  return area;
}
inline Bytes index_bytes() { return esys::marshal(index_area(false), Tss2_MU_TPMS_NV_PUBLIC_Marshal, "").value(); }
inline TpmName index_name(bool written) {
  return tpm_name(esys::marshal(index_area(written), Tss2_MU_TPMS_NV_PUBLIC_Marshal, "").value());
}

// A machine with an owner's image running on it, epoch 3.
class TpmTest : public ::testing::Test {
 protected:
  static constexpr unsigned kEpoch = 3;
  static constexpr std::uint64_t kAbove = ~std::uint64_t{0} << (kEpoch + 1);

  // Firmware, Secure Boot and the image measure themselves.
  void measure(const std::string& image = "image", const std::string& firmware = "firmware") {
    for (unsigned pcr : {0U, 2U, 7U}) ASSERT_TRUE(tpm_->extend_pcr(pcr, sha256(firmware)));
    ASSERT_TRUE(tpm_->extend_pcr(11, sha256(image)));
  }
  void boot(const std::string& image = "image", const std::string& firmware = "firmware") {
    tpm_.reset();
    tpm_.emplace(machine_.power_on());
    measure(image, firmware);
  }

  // Set-up of a new machine, up to the sealed secret.
  void set_up() {
    boot();
    Result<TpmName> name = TpmStorageKey::establish(*tpm_, nullptr);
    ASSERT_TRUE(name) << name.error().message();
    pinned_ = *name;
    TpmStorageKey key = open_key();
    enrolled_ = tpm_->read_pcrs({0, 2, 7}).value();

    Status defined = define_nv_index(*tpm_, key, nullptr, index_bytes());
    ASSERT_TRUE(defined) << defined.error().message();
    Sha256Digest first =
        PolicyDigest().pcr(image_pcrs()).cp_hash(nv_set_bits_cp_hash(index_name(false), index_name(false), 0)).value();
    Status written =
        set_rollback_bits(*tpm_, key, kIndex, index_name(false), 0, {11, 12, 13}, owner().sign(first, kWrite));
    ASSERT_TRUE(written) << written.error().message();

    Result<SealedBlobs> blobs = seal(*tpm_, key, secret_of(0x5e), auth_, data_policy());
    ASSERT_TRUE(blobs) << blobs.error().message();
    blobs_ = *blobs;
  }

  TpmStorageKey open_key() { return TpmStorageKey::open(*tpm_, pinned_).value(); }
  PcrValues image_pcrs() { return tpm_->read_pcrs({11, 12, 13}).value(); }
  static TpmName pcr_key() { return owner().name(); }
  Sha256Digest data_policy() {
    return PolicyDigest()
        .authorize(pcr_key(), as_bytes(std::string_view(kUnseal)))
        .pcr(enrolled_)
        .pcr({{15, {}}})
        .auth_value()
        .value();
  }
  // Signed for what runs now.
  Sha256Digest image_policy() {
    Be64 operand = kAbove;
    return PolicyDigest().pcr(image_pcrs()).nv(index_name(true), bytes_of(operand), 0, TpmCompare::kBitsClear).value();
  }
  UnsealSteps steps() {
    return {.rollback = {kIndex, index_name(true), kAbove},
            .image = owner().sign(image_policy(), kUnseal),
            .enrolled = enrolled_};
  }
  Result<Secret> try_unseal(const Secret& auth, const UnsealSteps& steps) {
    TpmStorageKey key = TRY(TpmStorageKey::open(*tpm_, pinned_));
    return unseal(*tpm_, key, blobs_, auth, steps);
  }
  Result<Secret> try_unseal() { return try_unseal(auth_, steps()); }
  void expect_unseals() {
    Result<Secret> secret = try_unseal();
    ASSERT_TRUE(secret) << secret.error().message();
    EXPECT_TRUE(secret->equals(secret_of(0x5e)));
  }
  // Nothing but a wrong authorization value may cost a try.
  void expect_fails(const Secret& auth, const UnsealSteps& steps, TpmFailure failure) {
    std::uint32_t before = tries_used();
    Result<Secret> secret = try_unseal(auth, steps);
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().kind<TpmFailure>(), failure) << secret.error().message();
    EXPECT_EQ(tries_used(), before + (failure == TpmFailure::wrong_auth ? 1 : 0));
  }
  std::uint32_t tries_used() { return lockout_state(*tpm_).value().used; }

  TestTpm machine_;
  std::optional<Tpm> tpm_;
  TpmName pinned_;
  PcrValues enrolled_;
  SealedBlobs blobs_;
  Secret auth_ = secret_of(0xa5);
};

}  // namespace ashlar::tpm_testing
