#include "format/rollback.h"

#include <set>

#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;

const TpmName kKey = tpm_name(as_bytes("a key's public area"));
const Sha256Digest kUki = sha256("PCR 11");

Epoch epoch(unsigned number) { return Epoch::from(number).value(); }

TEST(Epoch, IsRetiredByEveryHigherOne) {
  for (unsigned number = 0; number <= Epoch::kLast; ++number) {
    std::uint64_t retired_by = 0;
    for (unsigned higher = number + 1; higher <= Epoch::kLast; ++higher) retired_by |= epoch(higher).bit();
    EXPECT_EQ(epoch(number).bits_above(), retired_by) << number;
    EXPECT_EQ(epoch(number).bits_above() & epoch(number).bit(), 0U) << number;
  }
  EXPECT_EQ(epoch(0).bits_above(), ~std::uint64_t{1});
  EXPECT_EQ(epoch(63).bits_above(), 0U);
  EXPECT_EQ(error_of(Epoch::from(64)), "an epoch is 0 to 63, not 64");
}

TEST(Epoch, FileHasOneNumber) {
  EXPECT_EQ(parse_epoch("0\n").value(), epoch(0));
  EXPECT_EQ(parse_epoch("63\n").value(), epoch(63));
  for (const char* text : {"", "0", "\n", "64\n", "-1\n", "+1\n", "00\n", "07\n", " 7\n", "7 \n", "7\n\n", "7\r\n",
                           "0x7\n", "18446744073709551616\n", "seven\n"}) {
    EXPECT_EQ(error_of(parse_epoch(text)),
              "not an epoch: a number from 0 to 63 and a newline are expected, nothing else")
        << text;
  }
}

TEST(RollbackIndex, IsTheSameForEveryMachineOfAnOwner) {
  RollbackIndex index(kKey);
  EXPECT_EQ(to_hex(index.public_area()), "01804153000b020400280020" + index.auth_policy().hex() + "0008");
  EXPECT_EQ(index.name_before_first_write(), tpm_name(index.public_area()));
  EXPECT_NE(index.name_before_first_write(), index.name());
  EXPECT_EQ(RollbackIndex(kKey).name(), index.name());
  EXPECT_NE(RollbackIndex(tpm_name(as_bytes("another"))).name(), index.name());
}

TEST(ImagePolicies, AreNobodyElses) {
  ImagePolicies policies = image_policies(kKey, kUki, epoch(3));
  EXPECT_EQ(image_policies(kKey, kUki, epoch(3)), policies) << "the control";
  std::set<Sha256Digest> seen = {policies.unseal, policies.write, policies.first_write};
  EXPECT_EQ(seen.size(), 3U);
  ImagePolicies other_key = image_policies(tpm_name(as_bytes("another")), kUki, epoch(3));
  ImagePolicies other_image = image_policies(kKey, sha256("another"), epoch(3));
  for (const ImagePolicies& other : {other_key, other_image}) {
    EXPECT_NE(other.unseal, policies.unseal);
    EXPECT_NE(other.write, policies.write);
    EXPECT_NE(other.first_write, policies.first_write);
  }
  ImagePolicies other_epoch = image_policies(kKey, kUki, epoch(4));
  EXPECT_NE(other_epoch.unseal, policies.unseal);
  EXPECT_NE(other_epoch.write, policies.write);
  EXPECT_EQ(other_epoch.first_write, policies.first_write) << "it sets no bit";
}

TEST(ImagePolicies, AreTheCommandsInOrder) {
  ImagePolicies policies = image_policies(kKey, kUki, epoch(0));
  RollbackIndex index(kKey);
  PcrValues pcrs = {{11, kUki}, {12, {}}, {13, {}}};
  Be64 above(0xfffffffffffffffe);
  EXPECT_EQ(policies.unseal,
            PolicyDigest().pcr(pcrs).nv(index.name(), bytes_of(above), 0, TpmCompare::kBitsClear).value());
  EXPECT_EQ(policies.write,
            PolicyDigest().pcr(pcrs).cp_hash(nv_set_bits_cp_hash(index.name(), index.name(), 1)).value());
  const TpmName& first = index.name_before_first_write();
  EXPECT_EQ(policies.first_write, PolicyDigest().pcr(pcrs).cp_hash(nv_set_bits_cp_hash(first, first, 0)).value());
}

TEST(DataPolicy, NamesKeyAndMachine) {
  PcrValues enrolled = {{0, sha256("firmware")}, {2, sha256("option ROMs")}, {7, sha256("keys")}};
  Sha256Digest policy = data_policy(kKey, enrolled);
  EXPECT_EQ(
      policy,
      PolicyDigest().authorize(kKey, as_bytes("ashlar unseal 1")).pcr(enrolled).pcr({{15, {}}}).auth_value().value());
  enrolled[7] = sha256("other keys");
  EXPECT_NE(data_policy(kKey, enrolled), policy);
}

}  // namespace
}  // namespace ashlar
