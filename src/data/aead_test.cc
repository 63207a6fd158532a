#include "data/aead.h"

#include <gtest/gtest.h>

#include "data/testing.h"

namespace ashlar {
namespace {

using testing::secret_of;

TEST(Aead, OpensWhatWasSealedAndNothingElse) {
  Secret key = Secret::copy_of(Bytes(32, 7)).value();
  Secret content = secret_of("what nobody else may read");
  std::size_t size = content.bytes().size();
  Bytes sealed = aead_seal(key, content, "for a test").value();
  EXPECT_EQ(sealed.size(), size + kAeadOverhead);
  EXPECT_EQ(as_text(sealed).find("nobody"), std::string_view::npos);
  EXPECT_TRUE(aead_open(key, sealed, size, "for a test").value().equals(content));

  EXPECT_FALSE(aead_open(Secret::copy_of(Bytes(32, 8)).value(), sealed, size, "for a test"));
  EXPECT_FALSE(aead_open(Secret::copy_of(Bytes(16, 7)).value(), sealed, size, "for a test"));
  EXPECT_FALSE(aead_open(key, sealed, size, "for a tesT"));
  EXPECT_FALSE(aead_open(key, sealed, size, ""));
  EXPECT_FALSE(aead_open(key, sealed, size - 1, "for a test"));
  EXPECT_FALSE(aead_open(key, {}, size, "for a test"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes altered = sealed;
    altered[i] ^= 1;
    Result<Secret> opened = aead_open(key, altered, size, "for a test");
    ASSERT_FALSE(opened) << i;
    EXPECT_EQ(opened.error().message(), "not sealed with this key, or altered");
  }
}

TEST(Aead, ANonceOfItsOwnEachTime) {
  Secret key = Secret::copy_of(Bytes(32, 7)).value();
  Secret content = secret_of("the same");
  EXPECT_NE(aead_seal(key, content, "").value(), aead_seal(key, content, "").value());
  EXPECT_EQ(aead_seal(Secret::copy_of(Bytes(31, 7)).value(), content, "").error().message(),
            "AES-256-GCM wants 32 bytes of key");
}

// NIST's GCM test vectors, gcmEncryptExtIV256, count 0 with 128 bits of plaintext and associated data.
TEST(Aead, IsAes256Gcm) {
  Secret key =
      Secret::copy_of(from_hex("92e11dcdaa866f5ce790fd24501f92509aacf4cb8b1339d50c9c1240935dd08b").value()).value();
  Bytes sealed = from_hex(
                     "ac93a1a6145299bde902f21a"           // nonce
                     "8995ae2e6df3dbf96fac7b7137bae67f"   // encrypted
                     "eca5aa77d51d4a0a14d9c51e1da474ab")  // tag
                     .value();
  Bytes associated = from_hex("1e0889016f67601c8ebea4943bc23ad6").value();
  Result<Secret> content = aead_open(key, sealed, 16, as_text(associated));
  ASSERT_TRUE(content) << content.error().message();
  EXPECT_EQ(to_hex(content->bytes()), "2d71bcfa914e4ac045b2aa60955fad24");
}

}  // namespace
}  // namespace ashlar
