// sbsiglist and sbvarsign: the same lists, and signed updates each side understands.
#include "format/der.h"
#include "format/efi_auth.h"
#include "format/efi_signature.h"
#include "oracle.h"

namespace ashlar {
namespace {

using namespace oracle;
using testing::error_of;
using testing::impostor;
using testing::owner;

constexpr Guid kOwner = "a1b2c3d4-e5f6-4711-8899-aabbccddeeff"_guid;

TEST(EfiOracle, ListsAreSbsiglists) {
  TempDir directory;
  Bytes certificate = certificate_der(owner().certificate);
  Bytes digest(32, 0x5a);
  auto theirs = [&](std::string_view type, ByteView content) {
    std::string out = directory.path("list").string();
    succeed({"sbsiglist", "--owner", kOwner.text(), "--type", std::string(type), "--output", out,
             directory.put("content", content).string()});
    return content_of(out);
  };
  EXPECT_EQ(to_hex(theirs("x509", certificate)),
            to_hex(build_efi_signature_lists(std::vector{efi_x509_list(kOwner, certificate)}).value()));
  EXPECT_EQ(
      to_hex(theirs("sha256", digest)),
      to_hex(build_efi_signature_lists(std::vector{EfiSignatureList{kEfiSha256Type, {{kOwner, digest}}}}).value()));
}

struct Update {
  TempDir directory;
  SignerFiles files = write_signer(directory, "owner", owner());
  Bytes value =
      build_efi_signature_lists(std::vector{efi_x509_list(kOwner, certificate_der(owner().certificate))}).value();

  [[nodiscard]] Bytes sbvarsigned(std::string_view variable) const {
    std::string out = directory.path("signed").string();
    succeed({"sbvarsign", "--key", files.key.string(), "--cert", files.certificate.string(), "--output", out,
             std::string(variable), directory.put("value", value).string()});
    return content_of(out);
  }
};

TEST(EfiOracle, WeAcceptWhatSbvarsignSigned) {
  Update update;
  for (const EfiVariable& variable : {kEfiPk, kEfiKek, kEfiDb, kEfiDbx}) {
    EfiVariable named = variable;
    named.attributes = 0x67;  // sbvarsign signs for appending
    Bytes theirs = update.sbvarsigned(variable.name);
    Result<Bytes> value = verify_efi_auth(named, theirs, owner().certificate);
    ASSERT_TRUE(value) << variable.name << ": " << error_of(value);
    EXPECT_EQ(*value, update.value);
    EXPECT_FALSE(verify_efi_auth(variable, theirs, owner().certificate)) << "other attributes";
    EXPECT_FALSE(verify_efi_auth(named, theirs, impostor().certificate));
  }
}

// sbvarsign signs attributes with the time of day, so its signatures are not ours; openssl judges ours instead.
TEST(EfiOracle, OpensslAcceptsOurSignature) {
  Update update;
  constexpr EfiTime kTime = {2026, 11, 23, 22, 1, 2};
  Bytes ours = build_efi_auth(kEfiDb, kTime, update.value, owner()).value();
  EfiAuth parsed = parse_efi_auth(ours).value();
  // UEFI 2.10, 8.2.2: VariableName, VendorGuid, Attributes, TimeStamp, data.
  Bytes content = {'d', 0, 'b', 0};
  append(content, kEfiImageSecurityDatabase.raw);
  append(content, Bytes{0x27, 0, 0, 0});
  append(content, Bytes{0xea, 0x07, 11, 23, 22, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  append(content, update.value);
  Bytes info = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
  append(info, der::encode(der::kContext0, parsed.signature));
  std::string signature = update.directory.put("p7", der::encode(der::kSequence, info)).string();
  auto verify = [&] {
    return tool({"openssl", "smime", "-verify", "-binary", "-inform", "der", "-noverify", "-in", signature, "-content",
                 update.directory.put("signed-content", content).string()})
        .exit_status;
  };
  EXPECT_EQ(verify(), 0);
  content.back() ^= 1;
  EXPECT_NE(verify(), 0);
}

// Both put the same descriptor before their signatures, and bare SignedData into it.
TEST(EfiOracle, DescriptorIsSbvarsigns) {
  Update update;
  Bytes theirs = update.sbvarsigned("db");
  EfiAuth parsed = parse_efi_auth(theirs).value();
  Bytes ours = build_efi_auth(kEfiDb, parsed.timestamp, update.value, owner()).value();
  EXPECT_EQ(to_hex(ByteView(ours).first(16)), to_hex(ByteView(theirs).first(16)));
  EXPECT_EQ(to_hex(ByteView(ours).subspan(20, 20)), to_hex(ByteView(theirs).subspan(20, 20)));
  EXPECT_EQ(to_hex(parse_efi_auth(ours)->value), to_hex(parsed.value));
  // SEQUENCE with a length of two bytes, then INTEGER 1.
  EXPECT_EQ(to_hex(ByteView(ours).subspan(44, 3)), "020101");
  EXPECT_EQ(to_hex(ByteView(theirs).subspan(44, 3)), "020101");
}

}  // namespace
}  // namespace ashlar
