#include "format/pcr.h"

#include <algorithm>

#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;

// As the event logs of other people's machines show them.
const Sha256Digest kSeparatorDigest =
    parse_sha256("df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119").value();
const Sha256Digest kBootOptionDigest =
    parse_sha256("3d6772b4f84ed47595d72a2c4c5ffd15f5bb72c7507fe26f2aaee2c69d5633ba").value();
const Sha256Digest kSecureBootOnDigest =
    parse_sha256("ccfc4bb32888a345bc8aeadaba552b627d99348c767681ab3141f5b01e40a40e").value();
const Sha256Digest kNoDbxDigest =
    parse_sha256("9f75b6823bff6af1024a4e2036719cdd548d3cbc2bf1de8e7ef4d0ed01f94bf9").value();

TEST(Pcr, ExtendsAsTheTpmDoes) {
  // What PCR 2 and 3 show wherever nothing but the separator was measured.
  EXPECT_EQ(Pcr().extend(kSeparatorDigest).value().hex(),
            "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969");
  EXPECT_EQ(Pcr().measure(Bytes(4)).value(), Pcr().extend(kSeparatorDigest).value());
  EXPECT_EQ(Pcr().value(), Sha256Digest{});
}

TEST(BootProgramsPcr, StartsWithTheBootAttempt) {
  Sha256Digest first = sha256("first");
  Sha256Digest second = sha256("second");
  EXPECT_EQ(boot_programs_pcr(std::array{first, second}),
            Pcr().extend(kBootOptionDigest).extend(kSeparatorDigest).extend(first).extend(second).value());
  EXPECT_NE(boot_programs_pcr(std::array{second, first}), boot_programs_pcr(std::array{first, second}));
}

// UEFI_VARIABLE_DATA of db, written out.
Bytes db_event(ByteView value) {
  static constexpr std::string_view kStart(
      "\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f\x02\0\0\0\0\0\0\0", 24);
  Bytes event;
  append(event, as_bytes(kStart));
  append(event, bytes_of(Le64(value.size())));
  append(event, as_bytes({"d\0b\0", 4}));
  append(event, value);
  return event;
}

TEST(SecureBootPcr, MeasuresVariablesThenAuthorities) {
  EfiSignature authority{"11111111-2222-3333-4444-123456789abc"_guid, {1, 2, 3}};
  Bytes entry(authority.owner.raw.begin(), authority.owner.raw.end());
  append(entry, authority.data);
  const Sha256Digest no_pk = parse_sha256("dea7b80ab53a3daaa24d5cc46c64e1fa9ffd03739f90aadbd8c0867c4a5b4890").value();
  const Sha256Digest no_kek = parse_sha256("e670e121fcebd473b8bc41bb801301fc1d9afa33904f06f7149b74f12c47a68f").value();
  Pcr expected;
  expected.extend(kSecureBootOnDigest).extend(no_pk).extend(no_kek).measure(db_event(as_bytes("lists")));
  expected.extend(kNoDbxDigest).extend(kSeparatorDigest).measure(db_event(entry));
  SecureBootVariables variables{.pk = {}, .kek = {}, .db = as_bytes("lists"), .dbx = {}};
  EXPECT_EQ(secure_boot_pcr(variables, std::array{authority}), expected.value());
  variables.dbx = as_bytes("x");
  EXPECT_NE(secure_boot_pcr(variables, std::array{authority}), expected.value());
}

TEST(UkiPcr, DoesNotDependOnTheOrderInTheFile) {
  std::vector<UkiSection> sections = {{".osrel", as_bytes("ID=ashlar")}, {".sbat", as_bytes("sbat,1")},
                                      {".cmdline", as_bytes("a --")},    {".uname", as_bytes("7.3")},
                                      {".initrd", as_bytes("initrd")},   {".linux", as_bytes("kernel")}};
  Sha256Digest value = uki_pcr(sections).value();
  Pcr expected;
  for (std::string_view text :
       {std::string_view(".linux\0", 7), std::string_view("kernel"), std::string_view(".osrel\0", 7),
        std::string_view("ID=ashlar"), std::string_view(".cmdline\0", 9), std::string_view("a --"),
        std::string_view(".initrd\0", 8), std::string_view("initrd"), std::string_view(".uname\0", 7),
        std::string_view("7.3"), std::string_view(".sbat\0", 6), std::string_view("sbat,1")}) {
    expected.measure(as_bytes(text));
  }
  EXPECT_EQ(value, expected.value());
  std::ranges::reverse(sections);
  EXPECT_EQ(uki_pcr(sections).value(), value);
  sections.push_back({".pcrsig", as_bytes("{}")});
  EXPECT_EQ(uki_pcr(sections).value(), value) << "it signs the value";
  sections.push_back({".pcrpkey", as_bytes("key")});
  EXPECT_NE(uki_pcr(sections).value(), value);
}

TEST(UkiPcr, RefusesWhatTheMachineDecides) {
  for (const char* name : {".dtbauto", ".efifw", ".profile"}) {
    std::vector<UkiSection> sections = {{".linux", as_bytes("kernel")}, {name, as_bytes("x")}};
    EXPECT_NE(error_of(uki_pcr(sections)).find(name), std::string::npos);
  }
}

}  // namespace
}  // namespace ashlar
