#include "format/rsa_public_key.h"

#include <openssl/pem.h>

#include "format/pcr_signer.h"
#include "format/pkcs7.h"
#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;
using testing::make_certificate;
using testing::owner;

// OpenSSL's text for the same key.
std::string openssl_pem(const Signer& signer) {
  Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), signer.key.get());
  char* text = nullptr;
  long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

TEST(RsaPublicKey, IsWhatOpensslWrites) {
  RsaPublicKey key = rsa_public_key_of(owner().certificate).value();
  std::string theirs = openssl_pem(owner());
  EXPECT_EQ(key.pem(), theirs);
  EXPECT_EQ(parse_rsa_public_key_pem(as_bytes(theirs)).value(), key);
  EXPECT_EQ(parse_rsa_public_key_der(key.der()).value(), key);
  EXPECT_EQ(key.fingerprint(), sha256(encode_der(i2d_PublicKey, owner().key.get()).value()));
}

TEST(RsaPublicKey, ThereIsOneTextForAKey) {
  const std::string pem = rsa_public_key_of(owner().certificate)->pem();
  ASSERT_TRUE(parse_rsa_public_key_pem(as_bytes(pem))) << "the control";
  auto refused = [](const std::string& text) { return error_of(parse_rsa_public_key_pem(as_bytes(text))); };
  EXPECT_EQ(refused(""), "not a public key in PEM");
  EXPECT_EQ(refused(pem + "x"), "not a public key in PEM");
  EXPECT_EQ(refused("x" + pem), "not a public key in PEM");
  EXPECT_EQ(refused("-----BEGIN PUBLIC KEY-----\n"), "not a public key in PEM");
  EXPECT_EQ(refused("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"),
            "not the public half of an RSA key of 2048 bits with the exponent 65537");
  EXPECT_EQ(refused(std::string(pem).insert(40, "\n")), "not a public key in PEM as RFC 7468 writes it");
  EXPECT_EQ(refused(std::string(pem).insert(40, " ")), "public key: not base64: 393 characters");
  EXPECT_EQ(refused(std::string(pem).insert(27, std::string(2000, '\n'))), "not a public key in PEM");
}

TEST(RsaPublicKey, RefusesWhatATpmNeedNotTake) {
  constexpr const char* kRefused = "not the public half of an RSA key of 2048 bits with the exponent 65537";
  Bytes der = rsa_public_key_of(owner().certificate)->der();
  for (std::size_t i : {std::size_t{0}, std::size_t{20}, std::size_t{33}, der.size() - 1}) {
    Bytes changed = der;
    changed[i] ^= 0x80;
    EXPECT_EQ(error_of(parse_rsa_public_key_der(changed)), kRefused) << i;
  }
  der.push_back(0);
  EXPECT_EQ(error_of(parse_rsa_public_key_der(der)), kRefused);
  EvpKey large(EVP_RSA_gen(3072));
  EXPECT_EQ(error_of(rsa_public_key_of(make_certificate(large.get(), "large"))), "CN=large: " + std::string(kRefused));
}

}  // namespace
}  // namespace ashlar
