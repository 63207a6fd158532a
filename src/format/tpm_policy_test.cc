#include "format/tpm_policy.h"

#include <gtest/gtest.h>

#include "format/rollback.h"

namespace ashlar {
namespace {

// Values that tpm2-tools 5.4 gave on swtpm 0.7.1; with random ones the two are compared in tests/oracle.
TEST(PolicyDigest, IsWhatATpmComputes) {
  EXPECT_EQ(PolicyDigest().value(), Sha256Digest{});
  EXPECT_EQ(PolicyDigest().pcr({{11, {}}, {12, {}}, {13, {}}}).value().hex(),
            "28439a107d7c9f4ba2cc76740dcf233a730f8dc71ea4dd0ce5dd3497ad8b652c");
  EXPECT_EQ(PolicyDigest().auth_value().value().hex(),
            "8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e");
  EXPECT_EQ(PolicyDigest().command_code(0x15e).value().hex(),
            "e613137076524bde487533865884e9732ebee3aacb095d94a6de492ec06c46fa");
  EXPECT_EQ(PolicyDigest().cp_hash(sha256("command")).value().hex(),
            "04b963cd3e3e1bd93030304a316c249a06855882be74c7c1dfa25f32bdb93571");
  EXPECT_EQ(PolicyDigest().auth_value().authorize(tpm_name(as_bytes("key")), as_bytes("ref")).value().hex(),
            "1d93d8d1cb41379c5d77a9538f2449e9ff8033ee4bd02b4e760a999f0a49e7e9");
}

TEST(PolicyDigest, EveryArgumentCounts) {
  TpmName name = tpm_name(as_bytes("a"));
  TpmName other = tpm_name(as_bytes("b"));
  Be64 zero(0);
  Be64 one(1);
  auto nv = [](const TpmName& index, const Be64& operand, std::uint16_t offset, TpmCompare operation) {
    return PolicyDigest().nv(index, bytes_of(operand), offset, operation).value();
  };
  Sha256Digest plain = nv(name, zero, 0, TpmCompare::kBitsClear);
  EXPECT_EQ(nv(name, zero, 0, TpmCompare::kBitsClear), plain) << "the control";
  EXPECT_NE(nv(other, zero, 0, TpmCompare::kBitsClear), plain);
  EXPECT_NE(nv(name, one, 0, TpmCompare::kBitsClear), plain);
  EXPECT_NE(nv(name, zero, 1, TpmCompare::kBitsClear), plain);
  EXPECT_NE(nv(name, zero, 0, TpmCompare::kBitsSet), plain);

  auto authorize = [](const TpmName& key, std::string_view ref) {
    return PolicyDigest().authorize(key, as_bytes(ref)).value();
  };
  EXPECT_NE(authorize(name, "x"), authorize(other, "x"));
  EXPECT_NE(authorize(name, "x"), authorize(name, "y"));
  EXPECT_EQ(PolicyDigest().auth_value().authorize(name, as_bytes("x")).value(), authorize(name, "x"))
      << "what came before is forgotten";

  Sha256Digest value = sha256("value");
  EXPECT_NE(PolicyDigest().pcr({{11, value}}).value(), PolicyDigest().pcr({{12, value}}).value());
  EXPECT_NE(PolicyDigest().pcr({{11, value}}).value(), PolicyDigest().pcr({{11, {}}}).value());
  EXPECT_NE(PolicyDigest().pcr({{0, value}}).auth_value().value(),
            PolicyDigest().auth_value().pcr({{0, value}}).value());

  EXPECT_NE(nv_set_bits_cp_hash(name, name, 1), nv_set_bits_cp_hash(name, name, 2));
  EXPECT_NE(nv_set_bits_cp_hash(name, other, 1), nv_set_bits_cp_hash(name, name, 1));
  EXPECT_NE(nv_set_bits_cp_hash(other, name, 1), nv_set_bits_cp_hash(name, name, 1));
}

TEST(PolicyDigestDeathTest, EndsAtAPcrNoPcClientHas) {
  EXPECT_NE(PolicyDigest().pcr({{23, {}}}).value(), Sha256Digest{}) << "the control";
  EXPECT_DEATH(PolicyDigest().pcr({{24, {}}}), "");
}

TEST(PolicyApproval, IsDigestThenReference) {
  Sha256Digest approved = sha256("policy");
  EXPECT_EQ(to_hex(policy_approval(approved, as_bytes("ref"))), approved.hex() + "726566");
}

}  // namespace
}  // namespace ashlar
