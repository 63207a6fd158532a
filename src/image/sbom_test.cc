#include "image/sbom.h"

#include <gtest/gtest.h>

#include "image/cache.h"
#include "image/json_read.h"
#include "image/test_sbom.h"

namespace ashlar::image {
namespace {

std::vector<std::string> relationships_of(const Json& spdx) {
  std::vector<std::string> lines;
  for (const Json& known : spdx["relationships"]) {
    lines.push_back(text_member(known, "spdxElementId") + " " + text_member(known, "relationshipType") + " " +
                    text_member(known, "relatedSpdxElement"));
  }
  return lines;
}

Json entry_named(const Json& entries, const std::string& name) {
  for (const Json& entry : entries)
    if (text_member(entry, "name") == name) return entry;
  return {};
}

class SbomTest : public testing::Test {
 protected:
  void SetUp() override { inputs_ = sbom_inputs(work_.path()); }

  Json spdx() { return parse_json(as_bytes(spdx_document(describe_contents(inputs_).value()))).value(); }

  TemporaryDirectory work_ = TemporaryDirectory::below(testing::TempDir()).value();
  SbomInputs inputs_;
};

TEST_F(SbomTest, SpdxSaysWhatThePackageIs) {
  Json out = spdx();
  EXPECT_EQ(out["spdxVersion"], "SPDX-2.3");
  EXPECT_EQ(out["creationInfo"]["created"], "2026-01-01T00:00:00Z");
  Json package = entry_named(out["packages"], "libstdc++6");
  EXPECT_EQ(package["SPDXID"], "SPDXRef-Package-libstdcPP6");
  EXPECT_EQ(package["versionInfo"], "1:14.2.0+b1");
  EXPECT_EQ(package["packageFileName"], "libstdc++6_14.2.0+b1_amd64.deb");
  EXPECT_EQ(package["checksums"][0]["checksumValue"], sha256("libstdc++6").hex());
  EXPECT_EQ(package["externalRefs"][0]["referenceLocator"],
            "pkg:deb/debian/libstdc%2B%2B6@1:14.2.0%2Bb1?arch=amd64&distro=trixie");
  EXPECT_EQ(package["licenseDeclared"], "NOASSERTION");
  EXPECT_EQ(entry_named(out["packages"], "ashlar-init")["licenseDeclared"], "Apache-2.0");
}

TEST_F(SbomTest, EveryPackageHasItsLicenceFileWhereverTheLinkLeads) {
  Json out = spdx();
  std::vector<std::string> lines = relationships_of(out);
  // libstdc++6's documentation is a link to that of gcc-14-base: one file for two packages. The tools have seven more.
  ASSERT_EQ(out["files"].size(), 8U);
  auto shared = std::ranges::find(out["files"], "./usr/share/doc/gcc-14-base/copyright",
                                  [](const Json& file) { return text_member(file, "fileName"); });
  ASSERT_NE(shared, out["files"].end());
  EXPECT_EQ((*shared)["checksums"][0]["checksumValue"], "43613adeb9cc01aa8d1d7fa960fdcb35629d1562");
  EXPECT_EQ((*shared)["checksums"][1]["checksumValue"], sha256("a licence\n").hex());
  for (const char* package : {"gcc-14-base", "libstdcPP6"}) {
    EXPECT_EQ(std::ranges::count(lines, std::string("SPDXRef-Licence-usr-share-doc-gcc-14-base-copyright "
                                                    "DOCUMENTATION_OF SPDXRef-Package-") +
                                            package),
              1)
        << package;
  }
}

TEST_F(SbomTest, LinksOfTheTreeDoNotLeaveIt) {
  fs::path doc = inputs_.tree / "usr/share/doc";
  ASSERT_TRUE(write_file(work_.path() / "outside", as_bytes("not of the image")));
  fs::create_directory(doc / "evil");
  fs::create_symlink(work_.path() / "outside", doc / "evil/copyright");
  fs::create_directory(doc / "round");
  fs::create_symlink("copyright", doc / "round/copyright");
  for (const char* package : {"evil", "round", "absent"})
    EXPECT_EQ(find_licence_file(inputs_.tree, package).value(), std::nullopt) << package;
  EXPECT_NE(find_licence_file(inputs_.tree, "libstdc++6").value(), std::nullopt) << "the control";
}

TEST_F(SbomTest, SpdxTellsWhatContainsWhat) {
  std::vector<std::string> lines = relationships_of(spdx());
  for (const char* line :
       {"SPDXRef-DOCUMENT DESCRIBES SPDXRef-Image", "SPDXRef-Image CONTAINS SPDXRef-UKI",
        "SPDXRef-UKI CONTAINS SPDXRef-Kernel", "SPDXRef-Kernel GENERATED_FROM SPDXRef-Package-linux-source-7.3",
        "SPDXRef-Image CONTAINS SPDXRef-Package-libstdcPP6",
        "SPDXRef-ashlar-boot STATIC_LINK SPDXRef-Package-libc6-dev",
        "SPDXRef-Bootloader GENERATED_FROM SPDXRef-Package-systemd-boot-efi"}) {
    EXPECT_EQ(std::ranges::count(lines, line), 1) << line;
  }
}

TEST_F(SbomTest, ProgramsOfTheSdkNameWhatOnlyTheyAreMadeOf) {
  EXPECT_EQ(entry_named(spdx()["packages"], "nlohmann-json3-dev"), Json());
  inputs_.programs.push_back({kDataProgram, {"0.1.0", sha256("data")}});
  inputs_.workshop.push_back(test_package("nlohmann-json3-dev"));
  std::vector<std::string> lines = relationships_of(spdx());
  for (const char* line :
       {"SPDXRef-UKI CONTAINS SPDXRef-ashlar-boot", "SPDXRef-Image CONTAINS SPDXRef-ashlar-init",
        "SPDXRef-Image CONTAINS SPDXRef-ashlar-data", "SPDXRef-ashlar-data STATIC_LINK SPDXRef-Package-libc6-dev",
        "SPDXRef-ashlar-data STATIC_LINK SPDXRef-Package-nlohmann-json3-dev",
        "SPDXRef-ashlar-data GENERATED_FROM SPDXRef-Package-console-setup-linux"}) {
    EXPECT_EQ(std::ranges::count(lines, line), 1) << line;
  }
  EXPECT_EQ(std::ranges::count(lines, "SPDXRef-ashlar-init STATIC_LINK SPDXRef-Package-nlohmann-json3-dev"), 0);
}

TEST_F(SbomTest, BothDocumentsNameTheSamePackages) {
  Sbom sbom = describe_contents(inputs_).value();
  std::vector<std::string> packages = packages_of_spdx(as_bytes(spdx_document(sbom))).value();
  EXPECT_EQ(packages, packages_of_cyclonedx(as_bytes(cyclonedx_document(sbom))).value());
  EXPECT_EQ(packages.size(), 9U);
  EXPECT_EQ(std::ranges::count(packages, "libstdc++6 1:14.2.0+b1 " + sha256("libstdc++6").hex()), 1);
}

TEST_F(SbomTest, SameInputsSameBytesOtherInputsOtherName) {
  Sbom sbom = describe_contents(inputs_).value();
  EXPECT_EQ(spdx_document(sbom), spdx_document(describe_contents(inputs_).value()));
  EXPECT_EQ(cyclonedx_document(sbom), cyclonedx_document(describe_contents(inputs_).value()));
  Json before = spdx();
  inputs_.uki.sha256 = sha256("another kernel");
  EXPECT_NE(before["documentNamespace"], spdx()["documentNamespace"]);
  EXPECT_NE(parse_json(as_bytes(cyclonedx_document(sbom))).value()["serialNumber"],
            parse_json(as_bytes(cyclonedx_document(describe_contents(inputs_).value()))).value()["serialNumber"]);
}

TEST_F(SbomTest, PackageWithoutALicenceFileIsNamed) {
  ASSERT_TRUE(describe_contents(inputs_)) << "the control";
  fs::remove(inputs_.licences / "usr/share/doc/console-setup-linux/copyright");
  EXPECT_TRUE(describe_contents(inputs_)) << "a tool's may be in a package that was left out";
  fs::remove(inputs_.tree / "usr/share/doc/gcc-14-base/copyright");
  Result<Sbom> sbom = describe_contents(inputs_);
  ASSERT_FALSE(sbom);
  EXPECT_EQ(sbom.error().message(),
            "bill of materials: the image has no licence file of gcc-14-base (/usr/share/doc/gcc-14-base/copyright)");
}

TEST_F(SbomTest, WorkshopWithoutItsPartsIsNamed) {
  inputs_.workshop.clear();
  Result<Sbom> sbom = describe_contents(inputs_);
  ASSERT_FALSE(sbom);
  EXPECT_EQ(sbom.error().message(), "bill of materials: the workshop has no systemd-boot-efi");
}

TEST(SbomReading, RefusesWhatIsNoBill) {
  for (std::string_view text : {"", "{", "{}", "[]", "7", R"({"spdxVersion": "SPDX-2.2"})", R"({"bomFormat": 3})"}) {
    EXPECT_FALSE(packages_of_spdx(as_bytes(text))) << text;
    EXPECT_FALSE(packages_of_cyclonedx(as_bytes(text))) << text;
  }
  std::string_view odd = R"({"spdxVersion": "SPDX-2.3", "packages": [1, {}, {"externalRefs": 7}]})";
  EXPECT_TRUE(packages_of_spdx(as_bytes(odd)).value().empty());
}

}  // namespace
}  // namespace ashlar::image
