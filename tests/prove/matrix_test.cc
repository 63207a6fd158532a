// `ashlar prove` as its user meets it: every case holds on our image, and an image that only pretends is found out.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <map>

#include "base/subprocess.h"
#include "prove/weaken.h"

namespace ashlar::prove {
namespace {

fs::path work_directory() {
  const char* work = std::getenv("ASHLAR_TEST_WORK");
  return work != nullptr ? work : fs::path("/nonexistent-ASHLAR_TEST_WORK-is-not-set");
}
std::string lock_file() {
  const char* lock = std::getenv("ASHLAR_TEST_LOCK");
  return lock != nullptr ? lock : "";
}
fs::path core_image() { return work_directory() / "images/ashlar-core-dev.raw"; }
std::string keys() { return work_directory() / "keys/dev"; }

fs::path results(const std::string& name) {
  fs::path directory = work_directory() / "results" / name;
  fs::create_directories(directory);
  return directory;
}

// Exit status and what was reported.
std::pair<int, nlohmann::json> prove(const fs::path& image, const fs::path& work, std::vector<std::string> more) {
  std::vector<std::string> argv = {ASHLAR_TOOL, "prove",  image,       "--json", "--keys",
                                   keys(),      "--lock", lock_file(), "--work", work};
  argv.insert(argv.end(), more.begin(), more.end());
  CommandOutput output = run({.argv = argv}).value();
  nlohmann::json proof = nlohmann::json::parse(output.out, nullptr, false);
  EXPECT_FALSE(proof.is_discarded()) << output.err;
  return {output.exit_status, std::move(proof)};
}

TEST(Matrix, EveryCaseHoldsOnTheCoreImage) {
  fs::path work = results("prove");
  auto [status, proof] = prove(core_image(), work, {"--sample"});
  EXPECT_EQ(status, 0);
  std::map<std::string, unsigned> layers;
  for (const auto& each : proof["cases"]) {
    EXPECT_EQ(each["result"], "held") << each["id"] << ": " << each["problem"];
    EXPECT_FALSE(each["id"].get<std::string>().starts_with("data.")) << "this image has no /data";
    // What was booted has a console's line, or what was compared, as evidence.
    if (!each["evidence"].get<std::string>().empty()) ++layers[each["denied_by"]];
  }
  for (const char* layer : {"firmware", "systemd-stub", "TPM measurement", "initramfs", "root hash signature",
                            "dm-verity", "IPE", "whoever is hit"}) {
    EXPECT_GT(layers[layer], 0U) << "nobody attacked the " << layer;
  }
  EXPECT_TRUE(fs::exists(work / "report.html"));
}

// The quick tier's share of the matrix: most of what the sample boots, without its bit flips.
TEST(Matrix, TenAttacksHold) {
  auto [status, proof] =
      prove(core_image(), results("prove-ten"),
            {"--only", "loader.byte", "uki.cmdline", "uki.stranger", "uki.older", "uki.roothash-signature",
             "stub.smbios", "stub.credential", "gpt.duplicate", "root.program", "verity.leaf"});
  EXPECT_EQ(status, 0);
  EXPECT_EQ(proof["cases"].size(), 11U) << "the untouched machine and ten attacks";
  for (const auto& each : proof["cases"]) EXPECT_EQ(each["result"], "held") << each["id"] << ": " << each["problem"];
}

// An image that says it is ready and verified, and is not: a signed command line mounts the root without dm-verity, and
// a shell tells the lie.
TEST(Matrix, AnImageWithoutVerityIsFoundOut) {
  fs::path work = results("prove-without-verity");
  image::BuildOptions tools;
  tools.lock = lock_file();
  Result<Lab> lab = open_lab({.image = core_image(), .keys = keys(), .tools = tools, .work = work});
  ASSERT_TRUE(lab.has_value()) << lab.error().message();
  Target target = Target::make(*lab, "pretends").value();
  // The kernel gives words it does not know to init as arguments, if they have neither '=' nor '.' in them.
  std::string line = direct_root(*lab) + " init=/usr/bin/dash roothash=" + lab->root_hash.hex() +
                     R"( -c "printf 'ashlar: ready variant\075dev roothash\075)" + lab->root_hash.hex() +
                     R"( SecureBoot\0751 SetupMode\0750 root\075verity\nDEV ashlar# '; exec dash -i" --)";
  Bytes uki = make_uki(*lab, ".cmdline", as_bytes(line), &lab->owner.image).value();
  ASSERT_TRUE(target.replace_uki(std::move(uki)));

  auto [status, proof] = prove(target.disk(), work, {"--only", "root.superblock", "root.late", "verity.leaf"});
  EXPECT_EQ(status, 1);
  ASSERT_EQ(proof["cases"].size(), 4U) << "the untouched machine and three attacks";
  for (const auto& each : proof["cases"]) {
    EXPECT_EQ(each["result"], "broken") << each["id"];
    std::string why = each["id"] == "untouched" ? "PCR" : "went through";
    EXPECT_NE(each["problem"].get<std::string>().find(why), std::string::npos) << each.dump(2);
  }
}

}  // namespace
}  // namespace ashlar::prove
