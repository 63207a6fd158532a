#include "data/qr_code.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/fd.h"
#include "base/subprocess.h"
#include "data/prompt_page.h"
#include "sys/test_font.h"

namespace ashlar {
namespace {

constexpr std::string_view kRecoveryText =
    "7KQ4M-ABCDE-FGHJK-LMNPQ-RSTUV-WXYZ2-34567-89ABC-DEFGH-JKLMN-PQRST-UVWXY-Z2345";

Result<QrCode> code_of(std::string_view text) {
  Secret secret = TRY(Secret::copy_of(as_bytes(text)));
  return QrCode::of(secret);
}

// What a machine shows of a page, as a picture file.
Bytes picture_of(const Page& page, const PsfFont& font, unsigned width, unsigned height) {
  std::vector<std::uint32_t> pixels(static_cast<std::size_t>(width) * height);
  Canvas canvas(pixels, width, height, width);
  draw(page, font, canvas);
  Bytes file;
  append(file, as_bytes("P6\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n"));
  for (std::uint32_t pixel : pixels) {
    for (unsigned shift : {16U, 8U, 0U}) file.push_back(static_cast<std::uint8_t>(pixel >> shift));
  }
  return file;
}

// The page that shows a text once. The code is a view: it lasts as long as `code`.
Page page_of(std::string_view text, const QrCode& code) {
  return notice_page(
      {.heading = "Write this recovery key down now",
       .lines = {{"", {"It opens the disk when the password or the TPM cannot. It is shown this once."}}},
       .written_down = text,
       .qr_code = code.modules()});
}

class QrCodeTest : public ::testing::Test {
 protected:
  QrCodeTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-picture-XXXXXX").string();
    Fd file(::mkstemp(name.data()));
    picture_ = name;
  }
  ~QrCodeTest() override { fs::remove(picture_); }

  // What zbarimg, which knows nothing of us, sees in the picture. The tool missing is an exit status of its own.
  CommandOutput seen_in(const Bytes& picture) {
    EXPECT_TRUE(write_file(picture_, picture));
    Result<CommandOutput> seen = run({.argv = {"zbarimg", "--quiet", "--raw", "-Sbinary", "-Sdisable",
                                               "-Sqrcode.enable", "ppm:" + picture_.string()}});
    EXPECT_TRUE(seen) << "zbarimg (Debian: zbar-tools)";
    return seen ? *seen : CommandOutput{.exit_status = -1};
  }
  void expect_readable(std::string_view text, unsigned width, unsigned height) {
    Result<QrCode> code = code_of(text);
    ASSERT_TRUE(code) << code.error().message();
    CommandOutput seen = seen_in(picture_of(page_of(kRecoveryText, *code), test_font(), width, height));
    EXPECT_EQ(seen.exit_status, 0) << seen.err;
    EXPECT_EQ(seen.out, text) << "on " << width << "x" << height;
  }

  fs::path picture_;
};

TEST_F(QrCodeTest, ACameraReadsTheRecoveryKeyOnEveryScreen) {
  for (auto [width, height] : {std::pair{800U, 600U}, {1024U, 768U}, {1280U, 800U}, {1920U, 1080U}, {3840U, 2160U}}) {
    expect_readable(kRecoveryText, width, height);
  }
}

TEST_F(QrCodeTest, EveryTextComesBackByteForByte) {
  for (std::string_view text : {std::string_view("A"), std::string_view("0123456789"), std::string_view("lower case"),
                                std::string_view("\xc3\xa4\xe2\x82\xac"), std::string_view("$%*+-./: ")}) {
    expect_readable(text, 1280, 800);
  }
}

TEST_F(QrCodeTest, ControlWithoutACodeNothingIsRead) {
  CommandOutput seen = seen_in(
      picture_of(notice_page({.heading = "Recovery key", .written_down = kRecoveryText}), test_font(), 1280, 800));
  EXPECT_EQ(seen.exit_status, 4) << seen.err;  // zbarimg: no barcode was found
}

TEST_F(QrCodeTest, IsAsSmallAsItsKindAllows) {
  // Version 4 holds 90 alphanumeric characters with error correction M, but 62 bytes (ISO/IEC 18004, table 7).
  EXPECT_EQ(code_of(kRecoveryText)->modules().side, 33U);
  std::string lower(kRecoveryText);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  EXPECT_EQ(code_of(lower)->modules().side, 37U);
  EXPECT_TRUE(code_of(std::string(2331, 'x')));
  EXPECT_FALSE(code_of(std::string(2332, 'x')));
  EXPECT_FALSE(code_of(""));
}

TEST_F(QrCodeTest, ASmallScreenLosesTheCodeFirst) {
  QrCode code = code_of(kRecoveryText).value();
  const Page without = notice_page({.heading = "Recovery key", .written_down = kRecoveryText});
  Page with = without;
  with.qr_code = code.modules();
  for (auto [width, height] : {std::pair{340U, 480U}, {1280U, 60U}, {320U, 200U}, {100U, 100U}, {1U, 1U}, {0U, 0U}}) {
    EXPECT_EQ(picture_of(with, test_font(), width, height), picture_of(without, test_font(), width, height)) << width;
  }
  EXPECT_NE(picture_of(with, test_font(), 640, 480), picture_of(without, test_font(), 640, 480));  // the control
}

// To look at: ASHLAR_TEST_FONT=font.psf ASHLAR_PICTURES=directory prompt_test --gtest_also_run_disabled_tests
TEST_F(QrCodeTest, DISABLED_DrawsPictures) {
  ASSERT_NE(std::getenv("ASHLAR_TEST_FONT"), nullptr);
  ASSERT_NE(std::getenv("ASHLAR_PICTURES"), nullptr);
  Bytes file = read_file(std::getenv("ASHLAR_TEST_FONT"), 1 << 20).value();
  PsfFont font = parse_psf2(file).value();
  QrCode code = code_of(kRecoveryText).value();
  Question question{.notice = {.heading = "Write this recovery key down now",
                               .lines = {{"",
                                          {"It opens the disk when the password or the TPM cannot. It is shown "
                                           "this once, and nobody can make it again."}}},
                               .written_down = kRecoveryText,
                               .qr_code = code.modules()}};
  std::vector<std::string> done{"I have written it down"};
  for (auto [width, height] : {std::pair{800U, 600U}, {1024U, 768U}, {1280U, 800U}, {1920U, 1080U}, {3840U, 2160U}}) {
    Bytes picture = picture_of(question_page({question, Echo::text, done}, {.layout = "us"}), font, width, height);
    std::string name = "recovery-key-" + std::to_string(width) + "x" + std::to_string(height) + ".ppm";
    ASSERT_TRUE(write_file(fs::path(std::getenv("ASHLAR_PICTURES")) / name, picture));
    // There this font needs all of the width.
    if (width == 800) continue;
    EXPECT_EQ(seen_in(picture).out, kRecoveryText) << name;
  }
}

}  // namespace
}  // namespace ashlar
