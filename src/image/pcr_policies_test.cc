#include "image/pcr_policies.h"

#include "format/testing.h"
#include "format/uki.h"
#include "image/predict.h"

namespace ashlar::image {
namespace {

using ashlar::testing::error_of;
using ashlar::testing::impostor;
using ashlar::testing::make_pe;
using ashlar::testing::owner;

// A UKI as build_signed_uki() makes it, of which each part can be changed.
struct Uki {
  std::string kernel = "kernel";
  std::string pcr_key = rsa_public_key_of(owner().certificate)->pem();
  std::string pcr_signature = {};

  [[nodiscard]] Bytes build() const {
    std::vector<UkiSection> sections = {{".linux", as_bytes(kernel)}};
    if (!pcr_key.empty()) sections.push_back({".pcrpkey", as_bytes(pcr_key)});
    if (!pcr_signature.empty()) sections.push_back({".pcrsig", as_bytes(pcr_signature)});
    return build_uki(make_pe(), sections).value();
  }
  Uki& sign(const Signer& signer) {
    Sha256Digest pcr = predict_uki_pcr(build()).value();
    pcr_signature = build_pcr_signature(sign_image_policies(signer, pcr, Epoch::from(2).value()).value());
    return *this;
  }
};

TEST(CheckPcrPolicies, HoldForTheImageTheyWereSignedFor) {
  Uki uki = Uki().sign(owner());
  Result<PcrPolicies> policies = check_pcr_policies(uki.build());
  ASSERT_TRUE(policies) << error_of(policies);
  EXPECT_EQ(policies->signature.epoch.number(), 2U);
  EXPECT_EQ(policies->key, rsa_public_key_of(owner().certificate).value());
  EXPECT_TRUE(verify_pcr_policies(uki.build(), owner().certificate));
  EXPECT_EQ(error_of(verify_pcr_policies(uki.build(), impostor().certificate)),
            ".pcrpkey: the key is not that of CN=owner");
}

TEST(CheckPcrPolicies, NameWhatIsWrong) {
  auto said = [](const Uki& uki) { return error_of(check_pcr_policies(uki.build())); };
  const Uki good = Uki().sign(owner());
  ASSERT_TRUE(check_pcr_policies(good.build())) << "the control";
  Uki changed = good;
  changed.pcr_signature.clear();
  EXPECT_EQ(said(changed), "there is no .pcrsig");
  changed = good;
  changed.pcr_key.clear();
  EXPECT_EQ(said(changed), "there is no .pcrpkey");
  changed = good;
  changed.kernel = "Kernel";
  EXPECT_EQ(said(changed), ".pcrsig: unseal: it is the policy of another image");
  changed = good;
  changed.pcr_key = rsa_public_key_of(impostor().certificate)->pem();
  EXPECT_EQ(said(changed), ".pcrsig: it is by another key");
  EXPECT_EQ(said(Uki().sign(impostor())), ".pcrsig: it is by another key");
  changed = good;
  changed.pcr_signature += " ";
  EXPECT_EQ(said(changed), ".pcrsig: not written as the builder writes it");
  changed = good;
  changed.pcr_key += " ";
  EXPECT_EQ(said(changed), ".pcrpkey: not a public key in PEM");
}

}  // namespace
}  // namespace ashlar::image
