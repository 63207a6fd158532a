#include "format/pe.h"

#include "format/testing.h"
#include "format/uki.h"

namespace ashlar {
namespace {

using testing::error_of;
using testing::make_pe;

constexpr std::size_t kCoff = 68;
constexpr std::size_t kOptional = 88;
constexpr std::size_t kSections = kOptional + 112 + 128;

TEST(Pe, ReadsHeadersAndSections) {
  Bytes file = make_pe();
  PeImage image = parse_pe(file).value();
  EXPECT_EQ(image.machine, kPeMachineX64);
  EXPECT_EQ(image.section_table_offset, kSections);
  ASSERT_EQ(image.sections.size(), 2U);
  ASSERT_NE(image.find_section(".sbat"), nullptr);
  EXPECT_EQ(as_text(image.find_section(".sbat")->content), "sbat,1");
  EXPECT_EQ(image.find_section(".sba"), nullptr);
  EXPECT_TRUE(image.certificate_table.empty());
}

TEST(Pe, RefusesEveryTruncation) {
  Bytes file = make_pe();
  for (std::size_t size = 0; size < file.size(); ++size) EXPECT_FALSE(parse_pe(ByteView(file).first(size))) << size;
}

struct Broken {
  const char* what;
  std::size_t offset;
  std::uint32_t value;
};
class PeBroken : public ::testing::TestWithParam<Broken> {};

TEST_P(PeBroken, IsRefused) {
  Bytes file = make_pe();
  ASSERT_TRUE(parse_pe(file));
  pe::store(file, GetParam().offset, Le32(GetParam().value));
  EXPECT_FALSE(parse_pe(file)) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Fields, PeBroken,
    ::testing::Values(Broken{"PE header outside the file", 60, 0xfffffff0}, Broken{"PE header at the end", 60, 2047},
                      Broken{"no section", kCoff, 0x8664}, Broken{"too many sections", kCoff, 0x00618664},
                      Broken{"alignment of zero", kOptional + 32, 0}, Broken{"odd alignment", kOptional + 32, 4097},
                      Broken{"image smaller than its sections", kOptional + 56, 8192},
                      Broken{"headers smaller than the table", kOptional + 60, 300},
                      Broken{"headers larger than the file", kOptional + 60, 1 << 20},
                      Broken{"headers over the sections", kOptional + 60, 1025},
                      Broken{"many directories", kOptional + 108, 17}, Broken{"few directories", kOptional + 108, 4},
                      Broken{"certificates past the end", kOptional + 112 + 32, 4096},
                      Broken{"section without a size in memory", kSections + 8, 0},
                      Broken{"section off its alignment", kSections + 12, 4097},
                      Broken{"sections overlapping in memory", kSections + 8, 4097},
                      Broken{"section outside the file", kSections + 16, 1 << 30},
                      Broken{"section before the file", kSections + 20, 0xffffff00},
                      Broken{"sections overlapping in the file", kSections + 20, 1536 - 8},
                      Broken{"section out of order", kSections + 12, 12288}));

TEST(Pe, ChecksumIgnoresItsOwnField) {
  Bytes file = make_pe();
  PeImage image = parse_pe(file).value();
  std::uint32_t before = pe_checksum(file, image.checksum_offset);
  pe::store(file, image.checksum_offset, Le32(0xdeadbeef));
  EXPECT_EQ(pe_checksum(file, image.checksum_offset), before);
  file.back() ^= 1;
  EXPECT_NE(pe_checksum(file, image.checksum_offset), before);
}

TEST(Uki, AppendsAndReadsBack) {
  Bytes stub = make_pe();
  std::vector<UkiSection> sections = {{".osrel", as_bytes("ID=ashlar\n")}, {".linux", as_bytes("kernel")}};
  Bytes uki = build_uki(stub, sections).value();
  EXPECT_EQ(uki, build_uki(stub, sections).value());
  PeImage image = parse_pe(uki).value();
  ASSERT_EQ(image.sections.size(), 4U);
  EXPECT_EQ(image.sections[2].virtual_address, 3 * 4096U);
  EXPECT_EQ(image.sections[3].virtual_address, 4 * 4096U);
  EXPECT_EQ(image.size_of_image, 5 * 4096U);
  auto found = inspect_uki(uki).value();
  ASSERT_EQ(found.size(), 3U);  // .sbat is the stub's
  EXPECT_EQ(as_text(found[1].content), "ID=ashlar\n");
  EXPECT_EQ(as_text(found[2].content), "kernel");
}

TEST(Uki, ReplacesASectionOfTheStub) {
  std::vector<UkiSection> sections = {{".linux", as_bytes("kernel")}, {".sbat", as_bytes("sbat,2,longer")}};
  Bytes uki = build_uki(make_pe(), sections).value();
  PeImage image = parse_pe(uki).value();
  ASSERT_EQ(image.sections.size(), 3U);
  EXPECT_EQ(as_text(image.find_section(".sbat")->content), "sbat,2,longer");
  Bytes large(513, 'x');
  sections[1].content = large;
  EXPECT_EQ(error_of(build_uki(make_pe(), sections)), "the stub has no room for this much in section .sbat");
}

// The fuzzer's find: a last section that is larger than the one it replaces moves the end of the image.
TEST(Uki, ReplacesTheLastSectionByALargerOne) {
  Bytes stub = make_pe("s");
  std::vector<UkiSection> sections = {{".sbat", as_bytes("sbat,2")}};
  Bytes uki = build_uki(stub, sections).value();
  ASSERT_TRUE(parse_pe(uki)) << error_of(parse_pe(uki));
  EXPECT_EQ(parse_pe(uki)->size_of_image, 3 * 4096U);
  sections.insert(sections.begin(), {".linux", as_bytes("kernel")});
  uki = build_uki(stub, sections).value();
  EXPECT_EQ(parse_pe(uki)->find_section(".linux")->virtual_address, 3 * 4096U);
}

TEST(Uki, RefusesWhatItCannotBuild) {
  Bytes stub = make_pe();
  auto build = [&](std::vector<UkiSection> sections) { return error_of(build_uki(stub, sections)); };
  EXPECT_EQ(build({{".linux", as_bytes("a")}, {".linux", as_bytes("a")}}), "section .linux is given twice");
  EXPECT_EQ(build({{".linux", {}}}), "section .linux is empty");
  EXPECT_EQ(build({{".muchtoolong", as_bytes("a")}}), "a section cannot be called \".muchtoolong\"");
  std::vector<UkiSection> many;
  for (char letter = 'a'; letter <= 'z'; ++letter) many.push_back({std::string(".") + letter, as_bytes("a")});
  EXPECT_EQ(build(many), "the stub's headers have no room for section .p");
  stub.resize(100);
  EXPECT_FALSE(build_uki(stub, many));
}

TEST(Uki, InspectWantsOneKernel) {
  EXPECT_EQ(error_of(inspect_uki(make_pe())), "the UKI has no .linux");
  Bytes uki =
      build_uki(make_pe(), std::vector<UkiSection>{{".linux", as_bytes("a")}, {".linuy", as_bytes("b")}}).value();
  PeImage image = parse_pe(uki).value();
  uki[image.section_table_offset + 3 * sizeof(pe::SectionHeader) + 5] = 'x';
  EXPECT_EQ(error_of(inspect_uki(uki)), "the UKI has two sections .linux");
}

}  // namespace
}  // namespace ashlar
