// systemd-measure: the same PCR 11 for the same sections. Debian 12's does not know .uname, .sbat and what came later;
// for those the oracle is the stub itself, in tests/boot/predict_test.cc.
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "format/pcr.h"
#include "format/pcr_signer.h"
#include "oracle_tpm.h"

namespace ashlar {
namespace {

using namespace oracle;

constexpr const char* kMeasure = "/usr/lib/systemd/systemd-measure";

// The value before systemd in the running system extends it: the phase path is empty.
std::string measured(const std::vector<UkiSection>& sections, const TempDir& directory) {
  std::vector<std::string> argv = {kMeasure, "calculate", "--bank=sha256", "--phase=:", "--json=short"};
  for (const UkiSection& section : sections) {
    std::string name = section.name.substr(1);
    argv.push_back("--" + name + "=" + directory.put(name, section.content).string());
  }
  auto said = nlohmann::json::parse(succeed(argv), nullptr, /*allow_exceptions=*/false);
  if (said.is_discarded() || said["sha256"].size() != 1 || said["sha256"][0]["pcr"] != 11) {
    ADD_FAILURE() << said;
    return {};
  }
  return said["sha256"][0]["hash"];
}

TEST(PcrOracle, UkiPcrIsWhatSystemdMeasureCalculates) {
  std::mt19937_64 random(seed());
  std::string help = succeed({kMeasure, "--help"});
  std::vector<std::string> names = {".pcrpkey", ".dtb", ".splash", ".initrd", ".cmdline", ".osrel", ".linux"};
  for (const char* later : {"sbat", "uname", "ucode"}) {
    if (help.find("--" + std::string(later) + "=") != std::string::npos) names.push_back("." + std::string(later));
  }
  for (int round = 0; round < 8; ++round) {
    TempDir directory;
    std::ranges::shuffle(names, random);
    std::vector<Bytes> contents;
    std::vector<UkiSection> sections;
    for (const std::string& name : names) {
      bool left_out = name != ".linux" && random() % 3 == 0;
      if (!left_out) contents.push_back(random_bytes(random, 1 + random() % 5000));
      if (!left_out) sections.push_back({name, contents.back()});
    }
    std::string theirs = measured(sections, directory);
    EXPECT_EQ(uki_pcr(sections).value().hex(), theirs) << "ASHLAR_SEED=" << seed();
    contents[0][0] ^= 1;
    EXPECT_NE(uki_pcr(sections).value().hex(), theirs) << "the control";
  }
}

// What is common to systemd's .pcrsig and ours: fingerprint, policy of PCR 11, and how a policy is signed. It asks a
// TPM for the policy's digest.
TEST(PcrOracle, PoliciesAreSignedAsSystemdMeasureSigns) {
  OracleTpm tpm;
  SignerFiles files = write_signer(tpm.files(), "pcr", testing::owner());
  RsaPublicKey key = rsa_public_key_of(testing::owner().certificate).value();
  std::string pem = key.pem();
  std::string public_key = tpm.put("pcr.pub", as_bytes(pem));
  std::string kernel = tpm.put("kernel", as_bytes("kernel"));
  auto said = nlohmann::json::parse(
      succeed({kMeasure, "sign", "--bank=sha256", "--phase=:", "--linux=" + kernel, "--pcrpkey=" + public_key,
               "--private-key=" + files.key.string(), "--public-key=" + public_key, "--tpm2-device=" + tpm.tcti()}),
      nullptr, /*allow_exceptions=*/false);
  ASSERT_EQ(said["sha256"].size(), 1U) << said;
  Sha256Digest pcr =
      uki_pcr(std::vector<UkiSection>{{".linux", as_bytes("kernel")}, {".pcrpkey", as_bytes(pem)}}).value();
  Sha256Digest policy = PolicyDigest().pcr({{kPcrUki, pcr}}).value();
  Bytes signature = sign_pkcs1(testing::owner(), policy_approval(policy, {})).value();
  nlohmann::json expected = {
      {"pcrs", {11}}, {"pkfp", key.fingerprint().hex()}, {"pol", policy.hex()}, {"sig", to_base64(signature)}};
  EXPECT_EQ(said["sha256"][0], expected);
}

}  // namespace
}  // namespace ashlar
