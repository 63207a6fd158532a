// The machine the others copy: set up as a person does it, and what its header and its TPM say to the world's tools.
#include <gtest/gtest.h>

#include "data_machine.h"
#include "oracle_tpm.h"

namespace ashlar::test {
namespace {

TEST(Origin, FirstBootMakesAMachine) {
  Result<Origin> made = origin();
  ASSERT_OK(made);
  Result<GptPartition> data = prove::partition_named(made->disk(), "data");
  ASSERT_OK(data);
  EXPECT_EQ(data->type, kLinuxDataType);
  EXPECT_GT(data->sectors(), (std::uint64_t{3} << 30) / kSectorSize);
  Result<Outsider> outsider = Outsider::with(made->disk());
  ASSERT_OK(outsider);
  EXPECT_EQ(outsider->token().user, 1U);
  ASSERT_TRUE(outsider->token().tpm);
  Result<UnlockedVolume> volume = outsider->recover(made->recovery_key);
  ASSERT_OK(volume);
  EXPECT_TRUE(volume->unfinished().empty());
}

void expect_says(const std::string& said, const std::vector<std::string>& parts) {
  for (const std::string& part : parts)
    EXPECT_NE(said.find(part), std::string::npos) << part << " is missing in\n" << said;
}

TEST(Origin, CryptsetupSaysWhatTheDocumentsSay) {
  Result<Origin> made = origin();
  ASSERT_OK(made);
  Result<HeaderFile> header = prove::read_header(made->disk());
  ASSERT_OK(header);
  std::string said = oracle::succeed({"cryptsetup", "luksDump", header->path()});
  expect_says(said, {"Version:       \t2", "Metadata area: \t65536 [bytes]", "offset: 16777216 [bytes]",
                     "cipher: aes-xts-plain64", "sector: 4096 [bytes]", "Flags:       \t(no flags)", "0: luks2",
                     "1: luks2", "Cipher key: 512 bits", "PBKDF:      pbkdf2", "Hash:       sha512", "Iterations: 1000",
                     "0: ashlar", ": ashlar-hmac", ": ashlar-tpm", ": ashlar-machine"});
  EXPECT_EQ(said.find("2: luks2"), std::string::npos) << "the recovery key's and the user's, no other: " << said;
}

TEST(Origin, TheTpmToolsSayWhatTheDocumentsSay) {
  Result<Origin> made = origin();
  ASSERT_OK(made);
  Result<Outsider> outsider = Outsider::with(made->disk());
  ASSERT_OK(outsider);
  oracle::OracleTpm tpm(made->directory / "tpm");
  const EnrolledTpm& enrolled = *outsider->token().tpm;

  std::string key = oracle::succeed({"tpm2_readpublic", "-c", "0x81000001", "-n", tpm.file("name")});
  expect_says(key,
              {"value: NIST p256", "value: fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|"});
  EXPECT_EQ(to_hex(oracle::content_of(tpm.file("name"))), enrolled.storage_key.hex());

  std::string index = oracle::succeed({"tpm2_nvreadpublic", "0x01804153"});
  expect_says(index, {"value: 0x22040028", "size: 8", RollbackIndex(outsider->owner().name()).name().hex()});

  std::string sealed =
      oracle::succeed({"tpm2_print", "-t", "TPM2B_PUBLIC", tpm.put("public", enrolled.secret.public_area)});
  expect_says(sealed, {"value: fixedtpm|fixedparent|adminwithpolicy", "value: keyedhash",
                       data_policy(outsider->owner().name(), enrolled.enrolled).hex()});

  std::string state = oracle::succeed({"tpm2_getcap", "properties-variable"});
  expect_says(state, {"ownerAuthSet:              1", "lockoutAuthSet:            1", "TPM2_PT_MAX_AUTH_FAIL: 0xA",
                      "TPM2_PT_LOCKOUT_INTERVAL: 0x1C20", "TPM2_PT_LOCKOUT_RECOVERY: 0x15180"});
}

}  // namespace
}  // namespace ashlar::test
