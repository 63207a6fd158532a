#include "image/attestations.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "format/cpio.h"
#include "format/dsse.h"
#include "format/testing.h"
#include "format/uki.h"
#include "image/cache.h"
#include "image/json_read.h"
#include "image/test_sbom.h"

namespace ashlar::image {
namespace {

using ashlar::testing::error_of;
using ashlar::testing::impostor;
using ashlar::testing::owner;

// An image as far as its attestations look at it: a UKI with its list of packages, a bootloader, and the three files
// that a build would have written beside it.
class AttestationsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    inputs_.contents = sbom_inputs(work_.path());
    inputs_.lock = sha256("lock");
    inputs_.sources = {{"root", sha256("sources")}};
    SbomInputs& contents = inputs_.contents;
    std::string list;
    for (const LockedPackage& package : contents.packages)
      list += fmt::format("{} {} {} {}\n", package.name, package.version, package.architecture, package.sha256.hex());
    std::string command_line = "roothash=" + contents.root_hash.hex() + " --";
    Bytes initramfs = build_cpio(std::array{CpioNode::file("packages", 0644, as_bytes(list))}).value();
    uki_ = build_uki(ashlar::testing::make_pe(),
                     std::array{UkiSection{".cmdline", as_bytes(command_line)}, UkiSection{".initrd", initramfs},
                                UkiSection{".linux", as_bytes("kernel")}})
               .value();
    bootloader_ = ashlar::testing::make_pe();
    contents.uki.sha256 = sha256(uki_);
    contents.bootloader.sha256 = sha256(bootloader_);
    ASSERT_TRUE(write_file(image_path_, as_bytes("disk")));
    ASSERT_TRUE(write_attestations(image_path_, make_attestations(inputs_, owner()).value()));
  }

  std::array<AttestationCheck, 3> check(const X509Certificate* certificate = &owner().certificate) {
    OpenedImage image = {MappedFile::open(image_path_).value(), {}, {}};
    image.esp.push_back({"EFI/Linux/ashlar_0.1.0.efi", uki_});
    image.esp.push_back({std::string(kBootloaderPath), bootloader_});
    return check_attestations(image_path_, image, certificate).value();
  }
  [[nodiscard]] fs::path beside(const char* suffix) const { return image_path_.string() + suffix; }
  void expect_all_hold() {
    for (const AttestationCheck& one : check())
      EXPECT_TRUE(one.is_present && one.holds) << one.link << ": " << error_of(one.holds);
  }
  // Writes the file anew with one text replaced.
  void replace(const char* suffix, const std::string& from, const std::string& to) {
    std::string text = read_text(beside(suffix)).value();
    std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    ASSERT_TRUE(write_file(beside(suffix), as_bytes(text.replace(at, from.size(), to))));
  }

  TemporaryDirectory work_ = TemporaryDirectory::below(::testing::TempDir()).value();
  fs::path image_path_ = work_.path() / "image.raw";
  AttestationInputs inputs_;
  Bytes uki_;
  Bytes bootloader_;
};

TEST_F(AttestationsTest, HoldForTheirImageAndKey) {
  expect_all_hold();
  EXPECT_TRUE(missing_attestations(image_path_).empty());
  auto checks = check();
  EXPECT_TRUE(checks[0].says.starts_with("core dev 0.1.0, from 10 locked packages; signed by key ")) << checks[0].says;
  EXPECT_TRUE(checks[1].says.starts_with("9 Debian packages")) << checks[1].says;
  EXPECT_NE(error_of(check(&impostor().certificate)[0].holds).find("no signature by"), std::string::npos);
}

TEST_F(AttestationsTest, AreTheSameBytesAndLeftAloneWhenTheyAre) {
  Attestations again = make_attestations(inputs_, owner()).value();
  EXPECT_EQ(again.provenance, read_text(beside(".provenance.json")).value());
  auto before = fs::last_write_time(beside(".spdx.json"));
  fs::remove(beside(".cdx.json"));
  ASSERT_TRUE(write_attestations(image_path_, again));
  EXPECT_EQ(fs::last_write_time(beside(".spdx.json")), before);
  expect_all_hold();
}

TEST_F(AttestationsTest, ChangedBillIsRefused) {
  expect_all_hold();
  replace(".spdx.json", "NOASSERTION", "MIT");
  EXPECT_EQ(error_of(check()[1].holds), "it was changed: the provenance names another hash");
  EXPECT_TRUE(check()[2].holds) << "the control";
  replace(".cdx.json", "\"libstdc++6\"", "\"libstdc++7\"");
  EXPECT_TRUE(error_of(check()[2].holds).starts_with("it does not name libstdc++6 1:14.2.0+b1"));
}

TEST_F(AttestationsTest, ChangedStatementIsRefused) {
  std::string text = read_text(beside(".provenance.json")).value();
  DsseEnvelope envelope = parse_dsse(as_bytes(text)).value();
  std::string statement(as_text(envelope.payload));
  statement.replace(statement.find("\"profile\": \"core\""), 17, "\"profile\": \"CORE\"");
  // Signed by somebody else, it reads well and verifies nowhere.
  ASSERT_TRUE(write_file(beside(".provenance.json"),
                         as_bytes(sign_dsse(impostor(), kInTotoPayloadType, as_bytes(statement)).value())));
  EXPECT_TRUE(check(nullptr)[0].says.starts_with("CORE dev"));
  EXPECT_NE(error_of(check()[0].holds).find("no signature by"), std::string::npos);
}

TEST_F(AttestationsTest, AreAboutOneImageOnly) {
  expect_all_hold();
  bootloader_.push_back(0);
  EXPECT_EQ(error_of(check()[0].holds), "it is about another bootloader");
  bootloader_.pop_back();
  uki_.back() ^= 1;
  EXPECT_EQ(error_of(check()[0].holds), "it is about another UKI");
}

TEST_F(AttestationsTest, WhatIsMissingIsSaid) {
  fs::remove(beside(".cdx.json"));
  EXPECT_EQ(missing_attestations(image_path_),
            std::vector<std::string>{"no CycloneDX bill of materials lies beside the image (image.raw.cdx.json)"});
  fs::remove(beside(".provenance.json"));
  EXPECT_EQ(missing_attestations(image_path_).size(), 3U);
  EXPECT_FALSE(check()[0].is_present);
}

TEST_F(AttestationsTest, StatementSaysHowItWasMade) {
  DsseEnvelope envelope = parse_dsse(as_bytes(read_text(beside(".provenance.json")).value())).value();
  Json statement = parse_json(envelope.payload).value();
  EXPECT_EQ(statement["_type"], "https://in-toto.io/Statement/v1");
  EXPECT_EQ(statement["predicateType"], "https://slsa.dev/provenance/v1");
  EXPECT_EQ(statement["subject"].size(), 3U);
  EXPECT_EQ(statement["subject"][0]["digest"]["dmVerityRootHash"], inputs_.contents.root_hash.hex());
  const Json& definition = statement["predicate"]["buildDefinition"];
  EXPECT_EQ(definition["externalParameters"]["lock"]["digest"]["sha256"], inputs_.lock.hex());
  EXPECT_EQ(definition["resolvedDependencies"].size(), 10U) << "compilers too";
  EXPECT_EQ(definition["resolvedDependencies"][0]["digest"]["sha256"], sha256("clang-19").hex());
}

TEST(Provenance, RefusesWhatIsNoStatement) {
  for (
      std::string_view text :
      {"", "{}", "[]", R"({"_type": "https://in-toto.io/Statement/v1"})",
       R"({"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1", "subject": 1})"})
    EXPECT_FALSE(parse_provenance(as_bytes(text))) << text;
}

}  // namespace
}  // namespace ashlar::image
