// What the builder signs for the TPM, in an image: shown by `inspect`, and a link of the chain for `verify`.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>

#include "format/authenticode.h"
#include "format/pcr_signer.h"
#include "format/uki.h"
#include "image/build.h"
#include "image/inspect.h"
#include "image/predict.h"
#include "tool.h"

namespace ashlar::test {
namespace {

// The core image, whose UKI is taken apart and built anew, signed by the same owner.
class PcrPolicies : public ::testing::Test {
 protected:
  void SetUp() override {
    image::OpenedImage image = image::open_image(core_image()).value();
    const FatFile* uki = image.only_file(image::kUkiDirectory, ".efi").value();
    path_ = uki->path;
    pcr_ = image::predict_uki_pcr(uki->content).value();
    std::vector<UkiSection> sections = inspect_uki(uki->content).value();
    for (const UkiSection& section : sections) {
      if (section.name == ".sbat") continue;  // the stub brings its own
      sections_.emplace_back(section.name, Bytes(section.content.begin(), section.content.end()));
    }
    ASSERT_TRUE(run_checked({.argv = {"cp", "--reflink=auto", "--sparse=always", core_image(), file_}}));
    for (const char* suffix : kAttestations) fs::copy(core_image().string() + suffix, file_.string() + suffix);
  }
  // Puts a UKI with one section changed, or left out, into the copy.
  void rebuild(std::string_view name, std::string_view content) {
    const char* tools = std::getenv("ASHLAR_WORKSHOP");
    ASSERT_NE(tools, nullptr);
    Bytes stub = read_file(fs::path(tools) / "usr/lib/systemd/boot/efi/linuxx64.efi.stub").value();
    std::vector<UkiSection> sections;
    for (const auto& [section, bytes] : sections_) {
      if (section != name) sections.push_back({section, bytes});
      if (section == name && !content.empty()) sections.push_back({section, as_bytes(content)});
    }
    fs::path uki = work_.path() / "uki.efi";
    ASSERT_TRUE(write_file(uki, sign_pe(build_uki(stub, sections).value(), owner_.image).value()));
    ASSERT_TRUE(run_checked(
        {.argv = {"env", "MTOOLS_SKIP_CHECK=1", "mcopy", "-o", "-i", file_.string() + "@@1M", uki, "::" + path_}}));
  }
  CommandOutput verify() { return ashlar({"verify", file_, "--keys", keys_of("dev")}); }
  nlohmann::json inspected() {
    CommandOutput out = ashlar({"inspect", "--json", file_});
    EXPECT_EQ(out.exit_status, 0) << out.err;
    return nlohmann::json::parse(out.out, nullptr, false)["pcr_policies"];
  }

  image::TemporaryDirectory work_ = scratch();
  fs::path file_ = work_.path() / "image.raw";
  image::KeySet owner_ = image::load_key_set(keys_of("dev")).value();
  image::KeySet stranger_ = image::load_key_set(keys_of("release")).value();
  std::string path_;
  Sha256Digest pcr_;
  std::vector<std::pair<std::string, Bytes>> sections_;
};

TEST_F(PcrPolicies, AreShownAndVerified) {
  rebuild("", "");
  CommandOutput held = verify();
  EXPECT_EQ(held.exit_status, 0) << held.err;
  EXPECT_NE(held.out.find("holds: PCR policies\n"), std::string::npos) << held.out;
  nlohmann::json shown = inspected();
  EXPECT_EQ(shown["hold"], true) << shown;
  EXPECT_EQ(shown["epoch"], 0);
  RsaPublicKey key = rsa_public_key_of(owner_.pcr.certificate).value();
  EXPECT_EQ(shown["key_fingerprint"], key.fingerprint().hex());
  EXPECT_EQ(shown["unseal"], image_policies(key.name(), pcr_, Epoch::from(0).value()).unseal.hex());
  CommandOutput text = ashlar({"inspect", file_});
  EXPECT_NE(text.out.find("PCR policies  epoch 0, signed for PCR 11 of this image by key " + key.fingerprint().hex()),
            std::string::npos);
}

TEST_F(PcrPolicies, MissingOrForeignOnesAreNamed) {
  rebuild(".pcrsig", "");
  expect_failure(verify(), 1, "PCR policies: there is no .pcrsig");
  EXPECT_EQ(inspected()["error"], "there is no .pcrsig");
  rebuild(".cmdline", "roothash=" + std::string(64, '0') + " --");
  EXPECT_EQ(inspected()["error"], ".pcrsig: unseal: it is the policy of another image");
  Epoch epoch = Epoch::from(0).value();
  rebuild(".pcrsig", build_pcr_signature(sign_image_policies(stranger_.pcr, pcr_, epoch).value()));
  expect_failure(verify(), 1, "PCR policies: .pcrsig: it is by another key");
  rebuild(".pcrpkey", rsa_public_key_of(stranger_.pcr.certificate)->pem());
  expect_failure(verify(), 1, "PCR policies: .pcrsig: it is by another key");
  rebuild("", "");
  EXPECT_EQ(verify().exit_status, 0) << "the control";
}

TEST_F(PcrPolicies, AStrangersAreNotTheOwners) {
  std::string key = rsa_public_key_of(stranger_.pcr.certificate)->pem();
  for (auto& [name, content] : sections_) {
    if (name == ".pcrpkey") content.assign(key.begin(), key.end());
  }
  rebuild(".pcrsig", "");
  image::OpenedImage image = image::open_image(file_).value();
  Sha256Digest pcr = image::predict_uki_pcr(image.only_file(image::kUkiDirectory, ".efi").value()->content).value();
  EXPECT_NE(pcr, pcr_) << "the key is measured";
  rebuild(".pcrsig", build_pcr_signature(sign_image_policies(stranger_.pcr, pcr, Epoch::from(7).value()).value()));
  EXPECT_EQ(inspected()["hold"], true) << "in itself it is right";
  EXPECT_EQ(inspected()["epoch"], 7);
  expect_failure(verify(), 1, "PCR policies: .pcrpkey: the key is not that of");
}

// os/epoch is read before anything is built.
TEST(Epoch, MustBeANumber) {
  image::TemporaryDirectory work = scratch();
  ASSERT_TRUE(run_checked({.argv = {"cp", "-r", ASHLAR_SOURCE_DIR "/os", work.path() / "os"}}));
  image::BuildOptions options = {.source = work.path(),
                                 .lock = lock_file(),
                                 .output = work.path() / "out",
                                 .profile = "core",
                                 .keys = keys_of("dev")};
  for (const char* text : {"64\n", "one\n", "0", ""}) {
    ASSERT_TRUE(write_file(work.path() / "os/epoch", as_bytes(text)));
    Result<image::BuildReport> refused = image::build_image(options);
    ASSERT_FALSE(refused) << text;
    EXPECT_TRUE(refused.error().is_misuse());
    EXPECT_NE(refused.error().message().find("os/epoch: not an epoch"), std::string::npos) << refused.error().message();
  }
  EXPECT_FALSE(fs::exists(options.output));
}

}  // namespace
}  // namespace ashlar::test
