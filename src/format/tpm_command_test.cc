#include "format/tpm_command.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

// Byte for byte what Part 3, table 22.2 asks for; a real TPM takes it in tests/boot.
TEST(PcrExtend, IsTheCommandOfTheSpecification) {
  Sha256Digest digest;
  digest.bytes.fill(0xab);
  std::string expected =
      "8002"
      "00000041"
      "00000182"
      "0000000f"
      "00000009"
      "40000009"
      "0000"
      "00"
      "0000"
      "00000001"
      "000b";
  for (int i = 0; i < 32; ++i) expected += "ab";
  EXPECT_EQ(to_hex(build_pcr_extend(15, digest)), expected);
}

TEST(TpmShutdown, IsTheCommandOfTheSpecification) {
  EXPECT_EQ(to_hex(build_tpm_shutdown()), "80010000000c000001450000");
}

TEST(TpmAnswer, IsSuccessOrAnError) {
  EXPECT_TRUE(check_tpm_answer(from_hex("80020000001300000000"
                                        "000000000000010000")
                                   .value()));
  EXPECT_EQ(check_tpm_answer(from_hex("80010000000a00000922").value()).error().message(),
            "the TPM refused with 0x00000922");
  EXPECT_FALSE(check_tpm_answer(from_hex("80020000001300000000").value())) << "cut off";
  EXPECT_FALSE(check_tpm_answer(from_hex("8002").value()));
  EXPECT_FALSE(check_tpm_answer({}));
}

}  // namespace
}  // namespace ashlar
