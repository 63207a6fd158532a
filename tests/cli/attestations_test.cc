// What lies beside an image: bills of materials and provenance, as `verify` and `inspect` judge them.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "tool.h"

namespace ashlar::test {
namespace {

// What lies beside the image, which need not be there.
class Attestations : public testing::Test {
 protected:
  // The image under another name, with attestations of its own that may be changed.
  void SetUp() override {
    fs::create_symlink(core_image(), image_);
    for (const char* suffix : kAttestations) fs::copy_file(core_image().string() + suffix, beside(suffix));
  }
  [[nodiscard]] fs::path beside(const char* suffix) const { return image_.string() + suffix; }
  [[nodiscard]] CommandOutput verify() const { return ashlar({"verify", image_, "--keys", keys_of("dev")}); }

  image::TemporaryDirectory work_ = scratch();
  fs::path image_ = work_.path() / "image.raw";
};

TEST_F(Attestations, AreVerifiedWithTheImage) {
  CommandOutput held = verify();
  EXPECT_EQ(held.exit_status, 0) << held.err;
  for (const char* link : {"holds: provenance", "holds: SPDX bill of materials", "holds: CycloneDX bill of materials"})
    EXPECT_NE(held.out.find(link), std::string::npos) << held.out;
  nlohmann::json shown = nlohmann::json::parse(ashlar({"inspect", "--json", image_}).out);
  ASSERT_EQ(shown["attestations"].size(), 3U);
  for (const auto& one : shown["attestations"]) EXPECT_TRUE(one["agrees_with_image"].get<bool>()) << one;
}

TEST_F(Attestations, ChangedOnesAreNamed) {
  ASSERT_EQ(verify().exit_status, 0) << "the control";
  std::string spdx = read_text(beside(".spdx.json")).value();
  ASSERT_TRUE(write_file(beside(".spdx.json"), as_bytes(spdx + " ")));
  expect_failure(verify(), 1, "SPDX bill of materials: it was changed");
  ASSERT_TRUE(write_file(beside(".spdx.json"), as_bytes(spdx)));
  ASSERT_EQ(verify().exit_status, 0) << "the control";
  fs::copy_file(work_directory() / "images/ashlar-core-release.raw.provenance.json", beside(".provenance.json"),
                fs::copy_options::overwrite_existing);
  expect_failure(verify(), 1, "provenance: no signature by");
}

TEST_F(Attestations, MissingOnesAreSaid) {
  for (const char* suffix : kAttestations) fs::remove(beside(suffix));
  CommandOutput output = verify();
  EXPECT_EQ(output.exit_status, 0) << output.err;
  EXPECT_NE(output.err.find("no provenance lies beside the image"), std::string::npos) << output.err;
  EXPECT_EQ(output.out.find("bill of materials"), std::string::npos) << output.out;
}

TEST_F(Attestations, EveryPackageIsNamedWithItsLicenceFile) {
  nlohmann::json spdx = nlohmann::json::parse(read_text(beside(".spdx.json")).value());
  nlohmann::json shown = nlohmann::json::parse(ashlar({"inspect", "--json", image_}).out);
  for (const auto& package : shown["packages"]) {
    auto found = std::ranges::find(spdx["packages"], package["name"], [](const auto& entry) { return entry["name"]; });
    ASSERT_NE(found, spdx["packages"].end()) << package;
    EXPECT_EQ((*found)["versionInfo"], package["version"]);
    EXPECT_NE((*found)["licenseComments"].get<std::string>().find("of the image says"), std::string::npos) << package;
  }
}

}  // namespace
}  // namespace ashlar::test
