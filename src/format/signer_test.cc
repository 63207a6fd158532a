#include "format/signer.h"

#include <openssl/pem.h>

#include "format/pkcs7.h"
#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;
using testing::impostor;
using testing::owner;

Bytes pem_of(auto write) {
  Bio bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* text = nullptr;
  long size = BIO_get_mem_data(bio.get(), &text);
  return {text, text + size};
}

TEST(Signer, ReadsKeysAndCertificates) {
  Bytes key =
      pem_of([](BIO* bio) { PEM_write_bio_PrivateKey(bio, owner().key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  Bytes certificate = pem_of([](BIO* bio) { PEM_write_bio_X509(bio, owner().certificate.get()); });
  EXPECT_TRUE(parse_private_key(key));
  EXPECT_EQ(certificate_subject(parse_certificate(certificate).value()), "CN=owner");
  Bytes der = certificate_der(owner().certificate);
  EXPECT_TRUE(parse_certificate(der));
  der.push_back(0);
  EXPECT_EQ(error_of(parse_certificate(der)), "bytes behind a certificate");
  append(certificate, as_bytes("x"));
  EXPECT_EQ(error_of(parse_certificate(certificate)), "bytes behind a certificate in PEM");
  EXPECT_FALSE(parse_certificate({}));
  EXPECT_FALSE(parse_private_key(as_bytes("nothing")));
}

TEST(Signer, RefusesAnEncryptedKeyWithoutAsking) {
  Bytes key = pem_of([](BIO* bio) {
    PEM_write_bio_PrivateKey(bio, owner().key.get(), EVP_aes_256_cbc(), nullptr, 0, nullptr,
                             const_cast<char*>("password"));
  });
  EXPECT_TRUE(error_of(parse_private_key(key)).starts_with("not an unencrypted private key in PEM"));
}

TEST(Signer, RefusesForeignAndWeakKeys) {
  EvpKey key = testing::make_key();
  EXPECT_TRUE(error_of(make_signer(std::move(key), testing::make_certificate(owner().key.get(), "owner")))
                  .starts_with("the key does not belong to the certificate of CN=owner"));
  EvpKey weak(EVP_RSA_gen(1024));
  X509Certificate certificate = testing::make_certificate(weak.get(), "weak");
  EXPECT_EQ(error_of(make_signer(std::move(weak), std::move(certificate))),
            "the signing key has 1024 bits, fewer than 2048");
  EvpKey curve(EVP_EC_gen("P-256"));
  certificate = testing::make_certificate(curve.get(), "curve");
  EXPECT_EQ(error_of(make_signer(std::move(curve), std::move(certificate))), "the signing key is not an RSA key");
  EXPECT_FALSE(make_signer(nullptr, nullptr));
}

TEST(SignDetached, VerifiesItsContentOnly) {
  Bytes signature = sign_detached(owner(), as_bytes("root hash")).value();
  EXPECT_EQ(signature, sign_detached(owner(), as_bytes("root hash")).value());
  EXPECT_TRUE(verify_detached(owner().certificate, signature, as_bytes("root hash")));
  EXPECT_FALSE(verify_detached(owner().certificate, signature, as_bytes("root hasi")));
  EXPECT_FALSE(verify_detached(impostor().certificate, signature, as_bytes("root hash")));
  signature.push_back(0);
  EXPECT_EQ(error_of(verify_detached(owner().certificate, signature, as_bytes("root hash"))),
            "bytes behind a PKCS #7 signature");
}

TEST(SignAttached, GivesTheContentBack) {
  Bytes signature = sign_attached(owner(), as_bytes("policy_name=a\n")).value();
  EXPECT_EQ(signature, sign_attached(owner(), as_bytes("policy_name=a\n")).value());
  EXPECT_EQ(as_text(verify_attached(owner().certificate, signature).value()), "policy_name=a\n");
  EXPECT_FALSE(verify_attached(impostor().certificate, signature));
  EXPECT_EQ(error_of(verify_detached(owner().certificate, signature, as_bytes("policy_name=a\n"))),
            "not a detached signature");
  Bytes detached = sign_detached(owner(), as_bytes("policy_name=a\n")).value();
  EXPECT_EQ(error_of(verify_attached(owner().certificate, detached)), "not a signature with content");
}

TEST(SignAttached, NoticesEveryChangedByteOfTheContent) {
  constexpr std::string_view kPolicy = "DEFAULT action=DENY\n";
  Bytes signature = sign_attached(owner(), as_bytes(kPolicy)).value();
  std::size_t at = as_text(signature).find(kPolicy);
  ASSERT_NE(at, std::string_view::npos);
  for (std::size_t i = 0; i < kPolicy.size(); ++i) {
    signature[at + i] ^= 1;
    EXPECT_FALSE(verify_attached(owner().certificate, signature)) << i;
    signature[at + i] ^= 1;
  }
}

}  // namespace
}  // namespace ashlar
