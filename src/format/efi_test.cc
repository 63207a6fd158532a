#include "format/efi_auth.h"
#include "format/efi_signature.h"
#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;
using testing::impostor;
using testing::owner;

constexpr Guid kOwner = "11111111-2222-3333-4444-123456789abc"_guid;
constexpr EfiTime kTime = {2026, 11, 23, 22, 0, 0};

TEST(EfiSignatureList, RoundTrips) {
  std::vector<EfiSignatureList> lists = {efi_x509_list(kOwner, as_bytes("certificate")),
                                         {kEfiSha256Type, {{kOwner, Bytes(32, 1)}, {kOwner, Bytes(32, 2)}}}};
  Bytes bytes = build_efi_signature_lists(lists).value();
  EXPECT_EQ(bytes.size(), 28U + 16 + 11 + 28 + 2 * 48);
  EXPECT_EQ(parse_efi_signature_lists(bytes).value(), lists);
  EXPECT_TRUE(parse_efi_signature_lists({})->empty());
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    bool first_list_alone = size == 55;
    EXPECT_EQ(parse_efi_signature_lists(ByteView(bytes).first(size)).has_value(), first_list_alone) << size;
  }
}

TEST(EfiSignatureList, RefusesWhatHasNoForm) {
  EXPECT_FALSE(build_efi_signature_lists(std::vector<EfiSignatureList>{{kEfiSha256Type, {}}}));
  EXPECT_FALSE(build_efi_signature_lists(
      std::vector<EfiSignatureList>{{kEfiX509Type, {{kOwner, Bytes(3)}, {kOwner, Bytes(4)}}}}));
  Bytes bytes = build_efi_signature_lists(std::vector<EfiSignatureList>{{kEfiX509Type, {{kOwner, Bytes(3)}}}}).value();
  for (std::size_t field : {16, 20, 24}) {
    for (std::uint8_t value : {0, 1, 16, 255}) {
      Bytes broken = bytes;
      if (broken[field] == value) continue;
      broken[field] = value;
      EXPECT_FALSE(parse_efi_signature_lists(broken)) << field << " " << int{value};
    }
  }
}

TEST(EfiAuth, BindsVariableTimeAndValue) {
  Bytes value = build_efi_signature_lists(
                    std::vector<EfiSignatureList>{efi_x509_list(kOwner, certificate_der(owner().certificate))})
                    .value();
  Bytes update = build_efi_auth(kEfiDb, kTime, value, owner()).value();
  EXPECT_EQ(update, build_efi_auth(kEfiDb, kTime, value, owner()).value());
  EXPECT_EQ(verify_efi_auth(kEfiDb, update, owner().certificate).value(), value);
  EXPECT_EQ(parse_efi_auth(update)->timestamp, kTime);
  EXPECT_FALSE(verify_efi_auth(kEfiDb, update, impostor().certificate));
  EXPECT_FALSE(verify_efi_auth(kEfiKek, update, owner().certificate));
  EXPECT_FALSE(verify_efi_auth({"db", kEfiImageSecurityDatabase, 0x67}, update, owner().certificate));
  for (std::size_t changed : {std::size_t{0}, std::size_t{2}, update.size() - 1}) {
    Bytes broken = update;
    broken[changed] ^= 1;
    EXPECT_FALSE(verify_efi_auth(kEfiDb, broken, owner().certificate)) << changed;
  }
}

TEST(EfiAuth, RefusesWhatIsNotOne) {
  Bytes update = build_efi_auth(kEfiPk, kTime, as_bytes("x"), owner()).value();
  for (std::size_t size = 0; size < 40; ++size) EXPECT_FALSE(parse_efi_auth(ByteView(update).first(size))) << size;
  for (std::size_t field : {7, 15, 19, 20, 22, 24}) {
    Bytes broken = update;
    broken[field] ^= 0x80;
    EXPECT_FALSE(parse_efi_auth(broken)) << field;
  }
}

}  // namespace
}  // namespace ashlar
