#include "format/authenticode.h"

#include "format/pe.h"
#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;
using testing::impostor;
using testing::make_pe;
using testing::owner;

TEST(Authenticode, SignsAndVerifies) {
  Bytes image = sign_pe(make_pe(), owner()).value();
  EXPECT_EQ(image, sign_pe(make_pe(), owner()).value());
  EXPECT_TRUE(verify_pe(image, owner().certificate));
  EXPECT_EQ(error_of(verify_pe(make_pe(), owner().certificate)), "the PE image is not signed");
  EXPECT_TRUE(error_of(verify_pe(image, impostor().certificate)).starts_with("the signature is not by CN=owner"));
  auto signatures = pe_signatures(image).value();
  ASSERT_EQ(signatures.size(), 1U);
  EXPECT_EQ(signatures[0].signer, "CN=owner");
  EXPECT_EQ(signatures[0].digest, authenticode_digest(make_pe()).value());
}

TEST(Authenticode, SetsTheChecksum) {
  Bytes image = sign_pe(make_pe(), owner()).value();
  PeImage parsed = parse_pe(image).value();
  EXPECT_EQ(parsed.checksum, pe_checksum(image, parsed.checksum_offset));
}

TEST(Authenticode, SigningAgainReplacesTheSignature) {
  Bytes once = sign_pe(make_pe(), owner()).value();
  Bytes foreign = sign_pe(make_pe(), impostor()).value();
  EXPECT_EQ(sign_pe(foreign, owner()).value(), once);
  EXPECT_EQ(parse_pe(remove_signatures(once).value())->certificate_table.size(), 0U);
  EXPECT_EQ(authenticode_digest(remove_signatures(once).value()).value(), authenticode_digest(once).value());
  EXPECT_EQ(remove_signatures(make_pe()).value(), make_pe());
}

TEST(Authenticode, EveryByteOfTheFileCounts) {
  Bytes image = sign_pe(make_pe(), owner()).value();
  PeImage parsed = parse_pe(image).value();
  for (std::size_t i = 0; i < image.size(); ++i) {
    if (i >= parsed.checksum_offset && i < parsed.checksum_offset + 4) continue;  // no signature covers it
    image[i] ^= 0x10;
    // Inside the signature a certificate that nobody asks for may differ; the image itself never may.
    bool in_signature = i >= image.size() - parsed.certificate_table.size() + 8;
    if (!in_signature) {
      EXPECT_FALSE(verify_pe(image, owner().certificate)) << i;
    }
    image[i] ^= 0x10;
  }
  EXPECT_TRUE(verify_pe(image, owner().certificate));
}

TEST(Authenticode, RefusesBytesBehindTheSignature) {
  Bytes image = sign_pe(make_pe(), owner()).value();
  image.resize(image.size() + 8);
  EXPECT_EQ(error_of(verify_pe(image, owner().certificate)), "there are bytes behind the PE certificate table");
  // Nor when the directory says they belong to the table.
  PeImage parsed = parse_pe(sign_pe(make_pe(), owner()).value()).value();
  Le32 size = static_cast<std::uint32_t>(parsed.certificate_table.size() + 8);
  pe::store(image, parsed.certificate_directory_offset + 4, size);
  EXPECT_FALSE(verify_pe(image, owner().certificate));
}

TEST(Authenticode, RefusesTwoSignatures) {
  Bytes image = sign_pe(make_pe(), owner()).value();
  PeImage parsed = parse_pe(image).value();
  Bytes table(parsed.certificate_table.begin(), parsed.certificate_table.end());
  std::size_t directory = parsed.certificate_directory_offset;
  append(image, table);
  pe::store(image, directory + 4, Le32(static_cast<std::uint32_t>(2 * table.size())));
  EXPECT_EQ(error_of(verify_pe(image, owner().certificate)), "the PE image has 2 signatures, not one");
  EXPECT_EQ(pe_signatures(image)->size(), 2U);
}

TEST(Authenticode, PadsAndHashesTheTail) {
  Bytes image = make_pe();
  Sha256Digest plain = authenticode_digest(image).value();
  image.push_back(7);
  EXPECT_NE(authenticode_digest(image).value(), plain);
  Bytes padded = image;
  padded.resize(round_up<std::size_t>(image.size(), 8));
  EXPECT_EQ(authenticode_digest(image).value(), authenticode_digest(padded).value());
  EXPECT_TRUE(verify_pe(sign_pe(image, owner()).value(), owner().certificate));
}

TEST(Authenticode, RefusesGapsBetweenSections) {
  Bytes image = make_pe();
  PeImage parsed = parse_pe(image).value();
  // .text shrinks to half: 256 bytes that firmware would not hash.
  pe::store(image, parsed.section_table_offset + offsetof(pe::SectionHeader, raw_size), Le32(256U));
  ASSERT_TRUE(parse_pe(image));
  EXPECT_EQ(error_of(authenticode_digest(image)), "bytes before PE section .sbat belong to no section");
  EXPECT_FALSE(sign_pe(image, owner()));
}

TEST(Authenticode, ASignatureOverOtherContentIsNotOne) {
  // A valid PKCS #7 by the right key, but not for a PE image.
  Bytes image = sign_pe(make_pe(), owner()).value();
  PeImage parsed = parse_pe(image).value();
  Bytes other = sign_attached(owner(), as_bytes("policy")).value();
  other.resize(round_up<std::size_t>(other.size(), 8));
  std::size_t directory = parsed.certificate_directory_offset;
  image.resize(image.size() - parsed.certificate_table.size());
  std::uint32_t size = static_cast<std::uint32_t>(other.size() + 8);
  pe::store(image, directory + 4, Le32(size));
  append(image, bytes_of(Le32(size)));
  append(image, bytes_of(Le32(0x00020200)));
  append(image, other);
  EXPECT_EQ(error_of(verify_pe(image, owner().certificate)), "a signature that is not for a PE image");
}

}  // namespace
}  // namespace ashlar
