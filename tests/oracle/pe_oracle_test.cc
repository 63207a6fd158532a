// sbsign and sbverify: the same digest, and each accepts what the other side signed.
#include "format/authenticode.h"
#include "format/pe.h"
#include "oracle.h"

namespace ashlar {
namespace {

using namespace oracle;
using testing::error_of;
using testing::impostor;
using testing::owner;

Bytes boot_loader() { return content_of(workshop() / "usr/lib/systemd/boot/efi/systemd-bootx64.efi"); }

bool sbverify_accepts(const TempDir& directory, const fs::path& certificate, ByteView image) {
  std::string path = directory.put("image.efi", image).string();
  return tool({"sbverify", "--cert", certificate.string(), path}).exit_status == 0;
}

TEST(PeOracle, SbverifyAcceptsOurSignature) {
  TempDir directory;
  SignerFiles ours = write_signer(directory, "owner", owner());
  SignerFiles foreign = write_signer(directory, "impostor", impostor());
  Bytes image = sign_pe(boot_loader(), owner()).value();
  EXPECT_TRUE(sbverify_accepts(directory, ours.certificate, image));
  EXPECT_FALSE(sbverify_accepts(directory, foreign.certificate, image));
  EXPECT_FALSE(sbverify_accepts(directory, ours.certificate, boot_loader()));
  image[image.size() / 3] ^= 1;
  EXPECT_FALSE(sbverify_accepts(directory, ours.certificate, image));
}

Bytes sbsigned(const TempDir& directory, ByteView image) {
  SignerFiles files = write_signer(directory, "owner", owner());
  std::string in = directory.put("in.efi", image).string();
  std::string out = directory.path("out.efi").string();
  succeed({"sbsign", "--key", files.key.string(), "--cert", files.certificate.string(), "--output", out, in});
  return content_of(out);
}

TEST(PeOracle, WeAcceptSbsignsSignature) {
  TempDir directory;
  Bytes image = sbsigned(directory, boot_loader());
  Status verified = verify_pe(image, owner().certificate);
  EXPECT_TRUE(verified) << error_of(verified);
  EXPECT_FALSE(verify_pe(image, impostor().certificate));
  image[image.size() / 3] ^= 1;
  EXPECT_FALSE(verify_pe(image, owner().certificate));
}

TEST(PeOracle, DigestIsSbsigns) {
  TempDir directory;
  // Sizes that are no multiple of 8 too: signing pads them.
  for (std::size_t extra : {0, 1, 5, 8, 13}) {
    Bytes image = boot_loader();
    image.resize(image.size() + extra, 0x5a);
    auto signatures = pe_signatures(sbsigned(directory, image)).value();
    ASSERT_EQ(signatures.size(), 1U);
    EXPECT_EQ(signatures[0].digest, authenticode_digest(image).value()) << extra << " bytes behind the sections";
    EXPECT_EQ(signatures[0].signer, "CN=owner");
  }
}

TEST(PeOracle, SigningSbsignsImageAgainGivesOurs) {
  TempDir directory;
  EXPECT_TRUE(sign_pe(sbsigned(directory, boot_loader()), owner()).value() == sign_pe(boot_loader(), owner()).value());
}

TEST(PeOracle, ChecksumIsSbsigns) {
  TempDir directory;
  Bytes image = sbsigned(directory, boot_loader());
  PeImage parsed = parse_pe(image).value();
  EXPECT_EQ(parsed.checksum, pe_checksum(image, parsed.checksum_offset));
}

}  // namespace
}  // namespace ashlar
