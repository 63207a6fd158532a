// openssl smime and cms: the same bytes as the commands in the kernel's documentation, and signatures that verify.
#include "oracle.h"

namespace ashlar {
namespace {

using namespace oracle;
using testing::error_of;
using testing::impostor;
using testing::owner;

constexpr std::string_view kRootHash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
constexpr std::string_view kPolicy = "policy_name=test policy_version=0.0.1\nDEFAULT action=DENY\n";

struct Files {
  TempDir directory;
  SignerFiles signer = write_signer(directory, "owner", owner());
  SignerFiles foreign = write_signer(directory, "impostor", impostor());

  [[nodiscard]] Bytes smime_sign(std::string_view content, std::vector<std::string> options) const {
    std::string out = directory.path("signature").string();
    std::vector<std::string> argv = {"openssl",
                                     "smime",
                                     "-sign",
                                     "-noattr",
                                     "-binary",
                                     "-in",
                                     directory.put("content", content).string(),
                                     "-inkey",
                                     signer.key.string(),
                                     "-signer",
                                     signer.certificate.string(),
                                     "-outform",
                                     "der",
                                     "-out",
                                     out};
    argv.insert(argv.end(), options.begin(), options.end());
    succeed(argv);
    return content_of(out);
  }
  // With `certificate` alone to find the signer among.
  [[nodiscard]] CommandOutput verify(std::string_view command, ByteView signature, const fs::path& certificate,
                                     std::vector<std::string> options) const {
    std::vector<std::string> argv = {"openssl",   std::string(command),
                                     "-verify",   "-binary",
                                     "-inform",   "der",
                                     "-in",       directory.put("signature", signature).string(),
                                     "-certfile", certificate.string(),
                                     "-nointern", "-noverify"};
    argv.insert(argv.end(), options.begin(), options.end());
    return tool(argv);
  }
};

TEST(SignerOracle, DetachedIsWhatOpensslWrites) {
  Files files;
  Bytes ours = sign_detached(owner(), as_bytes(kRootHash)).value();
  EXPECT_EQ(to_hex(ours), to_hex(files.smime_sign(kRootHash, {"-nocerts"})));
  std::string content = files.directory.put("content", kRootHash).string();
  for (const char* command : {"smime", "cms"}) {
    EXPECT_EQ(files.verify(command, ours, files.signer.certificate, {"-content", content}).exit_status, 0) << command;
    EXPECT_NE(files.verify(command, ours, files.foreign.certificate, {"-content", content}).exit_status, 0) << command;
  }
  // The kernel's other form, with the certificate inside, is the same signature.
  Status verified = verify_detached(owner().certificate, files.smime_sign(kRootHash, {}), as_bytes(kRootHash));
  EXPECT_TRUE(verified) << error_of(verified);
}

TEST(SignerOracle, AttachedIsWhatOpensslWrites) {
  Files files;
  Bytes ours = sign_attached(owner(), as_bytes(kPolicy)).value();
  EXPECT_EQ(to_hex(ours), to_hex(files.smime_sign(kPolicy, {"-nocerts", "-nodetach", "-nosmimecap"})));
  for (const char* command : {"smime", "cms"}) {
    CommandOutput output = files.verify(command, ours, files.signer.certificate, {});
    EXPECT_EQ(output.exit_status, 0) << command << output.err;
    EXPECT_EQ(output.out, kPolicy);
    EXPECT_NE(files.verify(command, ours, files.foreign.certificate, {}).exit_status, 0) << command;
  }
}

TEST(SignerOracle, OpensslSeesTheCertificateWeSee) {
  Files files;
  std::string subject = succeed(
      {"openssl", "x509", "-noout", "-subject", "-nameopt", "RFC2253", "-in", files.signer.certificate.string()});
  EXPECT_EQ(subject, "subject=" + certificate_subject(owner().certificate) + "\n");
}

}  // namespace
}  // namespace ashlar
