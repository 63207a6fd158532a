#include "format/pcr_signature.h"

#include "format/pcr_signer.h"
#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;
using testing::impostor;
using testing::owner;

const Sha256Digest kUki = sha256("PCR 11");

PcrSignature signed_by_owner(unsigned epoch = 5) {
  return sign_image_policies(owner(), kUki, Epoch::from(epoch).value()).value();
}
RsaPublicKey key_of(const Signer& signer) { return rsa_public_key_of(signer.certificate).value(); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  std::size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(PcrSignature, HasSystemdsForm) {
  PcrSignature signature = signed_by_owner();
  std::string text = build_pcr_signature(signature);
  std::string start = R"({"epoch":5,"sha256":[{"use":"unseal","pcrs":[11,12,13],"pkfp":")" +
                      key_of(owner()).fingerprint().hex() + R"(","policyRef":"ashlar unseal 1","pol":")" +
                      signature.policies.unseal.hex() + R"(","sig":")";
  EXPECT_EQ(text.substr(0, start.size()), start);
  EXPECT_TRUE(text.ends_with("\"}]}\n"));
  EXPECT_LT(text.size(), 1800U);
  EXPECT_EQ(parse_pcr_signature(as_bytes(text)).value(), signature);
  EXPECT_EQ(build_pcr_signature(signed_by_owner()), text) << "the same bytes every time";
}

TEST(PcrSignature, RefusesEveryOtherText) {
  const std::string text = build_pcr_signature(signed_by_owner());
  ASSERT_TRUE(parse_pcr_signature(as_bytes(text))) << "the control";
  auto refused = [](const std::string& changed) { return error_of(parse_pcr_signature(as_bytes(changed))); };
  constexpr const char* kNotOurs = "not written as the builder writes it";
  EXPECT_EQ(refused(""), "not JSON");
  EXPECT_EQ(refused(text.substr(0, text.size() - 2)), "not JSON");
  EXPECT_EQ(refused(text + "x"), "not JSON");
  EXPECT_EQ(refused(text + text), "not JSON");
  EXPECT_EQ(refused(std::string(4000, '[')), "not JSON");
  EXPECT_EQ(refused(text + std::string(8192, ' ')), std::to_string(text.size() + 8192) + " bytes are too many");
  EXPECT_EQ(refused(text.substr(0, text.size() - 1)), kNotOurs);
  EXPECT_EQ(refused(" " + text), kNotOurs);
  EXPECT_EQ(refused(text + "\n"), kNotOurs);
  EXPECT_EQ(refused("[]"), "there is no \"epoch\"");
  EXPECT_EQ(refused("{}"), "there is no \"epoch\"");
  EXPECT_EQ(refused(R"({"epoch":0})"), "there are not three signatures");
  EXPECT_EQ(refused(R"({"epoch":0,"sha256":[]})"), "there are not three signatures");
  EXPECT_EQ(refused(R"({"epoch":0,"sha256":[1,2,3]})"), "there is no text \"pkfp\"");
  EXPECT_EQ(refused(replaced(text, "\"epoch\":5", "\"epoch\":64")), "an epoch is 0 to 63, not 64");
  EXPECT_EQ(refused(replaced(text, "\"epoch\":5", "\"epoch\":-5")), "there is no \"epoch\"");
  EXPECT_EQ(refused(replaced(text, "\"epoch\":5", "\"epoch\":5.0")), "there is no \"epoch\"");
  EXPECT_EQ(refused(replaced(text, "\"epoch\":5", "\"epoch\":\"5\"")), "there is no \"epoch\"");
  EXPECT_EQ(refused(replaced(text, "\"epoch\":5", "\"epoch\":4,\"epoch\":5")), kNotOurs);
  EXPECT_EQ(refused(replaced(text, "[11,12,13]", "[11]")), kNotOurs);
  EXPECT_EQ(refused(replaced(text, "ashlar unseal 1", "ashlar unseal 2")), kNotOurs);
  EXPECT_EQ(refused(replaced(text, "\"use\":\"unseal\"", "\"use\":\"write\"")), kNotOurs);
  EXPECT_EQ(refused(replaced(text, "\"sig\":\"", "\"sig\":\"=")), "not base64: 345 characters");
  EXPECT_EQ(refused(replaced(text, "\"sig\":\"", "\"sig\":\"AAAA")), "a signature has not 256 bytes");
  EXPECT_EQ(refused(replaced(text, "\"pol\":\"", "\"pol\":\"00")), "a SHA-256 has 64 hexadecimal digits, this has 66");
  std::string fingerprint = key_of(owner()).fingerprint().hex();
  EXPECT_EQ(refused(replaced(text, fingerprint, std::string(64, '0'))), kNotOurs) << "three keys are not one";
}

TEST(VerifyImagePolicies, HoldForOneKeyAndOneImage) {
  const PcrSignature good = signed_by_owner();
  const RsaPublicKey key = key_of(owner());
  EXPECT_TRUE(verify_image_policies(good, key, kUki)) << "the control";
  EXPECT_EQ(error_of(verify_image_policies(good, key_of(impostor()), kUki)), "it is by another key");
  EXPECT_EQ(error_of(verify_image_policies(good, key, sha256("another"))), "unseal: it is the policy of another image");
  PcrSignature forged = good;
  forged.key_fingerprint = key_of(impostor()).fingerprint();
  EXPECT_EQ(error_of(verify_image_policies(forged, key_of(impostor()), kUki)),
            "unseal: it is the policy of another image")
      << "the index's name has the key in it";
}

TEST(VerifyImagePolicies, EachSignatureCounts) {
  const PcrSignature good = signed_by_owner();
  const RsaPublicKey key = key_of(owner());
  auto refused = [&](const PcrSignature& changed) { return error_of(verify_image_policies(changed, key, kUki)); };
  PcrSignature changed = good;
  changed.unseal[255] ^= 1;
  EXPECT_NE(refused(changed).find("unseal: the signature is not of this content by this key"), std::string::npos);
  changed = good;
  changed.write = good.first_write;
  EXPECT_NE(refused(changed).find("write: the signature is not"), std::string::npos);
  changed = good;
  changed.first_write[0] ^= 1;
  EXPECT_NE(refused(changed).find("first write: the signature is not"), std::string::npos);
  // A lower image that claims a higher epoch, so that fewer bits retire it.
  changed = good;
  changed.epoch = Epoch::from(6).value();
  EXPECT_EQ(refused(changed), "unseal: it is the policy of another image");
  changed.policies = image_policies(key.name(), kUki, changed.epoch);
  EXPECT_NE(refused(changed).find("unseal: the signature is not"), std::string::npos);
}

TEST(SignImagePolicies, NeedsAKeyThatTpmsTake) {
  EvpKey key(EVP_RSA_gen(3072));
  X509Certificate certificate = testing::make_certificate(key.get(), "large");
  Signer large = make_signer(std::move(key), std::move(certificate)).value();
  EXPECT_EQ(error_of(sign_image_policies(large, kUki, Epoch::from(0).value())),
            "CN=large: not the public half of an RSA key of 2048 bits with the exponent 65537");
}

}  // namespace
}  // namespace ashlar
