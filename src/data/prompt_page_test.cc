#include "data/prompt_page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/fd.h"
#include "data/keyboard_layouts.h"
#include "data/welcome.h"
#include "sys/release.h"
#include "sys/test_font.h"

namespace ashlar {
namespace {

constexpr std::string_view kRecoveryText =
    "7KQ4M-ABCDE-FGHJK-LMNPQ-RSTUV-WXYZ2-34567-89ABC-DEFGH-JKLMN-PQRST-UVWXY-Z2345";

struct Picture {
  Picture(const Page& page, const PsfFont& font, unsigned width, unsigned height)
      : width(width), height(height), pixels(static_cast<std::size_t>(width) * height) {
    Canvas canvas(pixels, width, height, width);
    draw(page, font, canvas);
  }

  // The texts at the left edge and in the field, read back from the first rows of the test font's glyphs.
  [[nodiscard]] std::string text() const {
    std::string all;
    for (unsigned y = 0; y < height; ++y) {
      for (unsigned start : {width / 10, width / 10 + 4}) {
        std::string row;
        for (unsigned x = start; x + 8 <= width; x += 8) row += at(x, y);
        while (row.ends_with(' ')) row.pop_back();
        if (!row.empty()) all += row + "\n";
      }
    }
    return all;
  }
  [[nodiscard]] bool shows(std::string_view what) const { return text().find(what) != std::string::npos; }
  [[nodiscard]] std::size_t count(std::uint32_t colour) const {
    return static_cast<std::size_t>(std::ranges::count(pixels, colour));
  }

  unsigned width;
  unsigned height;
  std::vector<std::uint32_t> pixels;

 private:
  // One colour of ink on one of the papers.
  [[nodiscard]] char at(unsigned x, unsigned y) const {
    constexpr std::uint32_t kPapers[] = {0x14171c, 0x1c2027, 0x2b3a4d, 0x2c323b, 0x4a535f};
    unsigned code = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::uint32_t pixel = pixels[static_cast<std::size_t>(y) * width + x + bit];
      code = code << 1 | (std::ranges::find(kPapers, pixel) == std::end(kPapers) ? 1U : 0U);
    }
    return code > ' ' && code < 127 ? static_cast<char>(code) : ' ';
  }
};

Question password_question() {
  return {.notice = {.heading = "Unlock this machine", .lines = {{"", {"The disk opens with your password."}}}},
          .label = kPasswordLabel,
          .remark = "Wrong password. 9 tries left.",
          .cancel = "use the recovery key"};
}

Picture picture_of(const Asked& asked, const PromptState& state, unsigned width = 800, unsigned height = 300) {
  return {question_page(asked, state), test_font(), width, height};
}

// What the host looks for on the screen of a release image.
TEST(PromptPage, TheWelcomePageIsTheQuestionsOwn) {
  Question question{.notice = welcome_notice(), .label = kMenuLabel};
  const std::vector<std::string> options = {kSetUp, kStartWithoutData, kMenuRestart, kMenuTurnOff};
  Picture asked = picture_of({question, Echo::text, options}, {.layout = "us"}, 1280, 800);
  EXPECT_EQ(asked.pixels, Picture(welcome_page(kVersion, kVariant), test_font(), 1280, 800).pixels);
  EXPECT_NE(asked.pixels, Picture(welcome_page("another version", kVariant), test_font(), 1280, 800).pixels);
}

TEST(PromptPage, SaysWhatAPersonNeeds) {
  Question question = password_question();
  Picture picture = picture_of({question, Echo::dots}, {.text = "secret", .layout = "de(nodeadkeys)"});
  for (const char* line :
       {"Unlock this machine\n", "The disk opens with your password.\n", "Password\n",
        "Wrong password. 9 tries left.\n", "Keyboard: German\n", "Enter: go on   Esc: use the recovery key\n"}) {
    EXPECT_TRUE(picture.shows(line)) << line << "is not in:\n" << picture.text();
  }
}

TEST(PromptPage, NeverDrawsAPassword) {
  Question question = password_question();
  PromptState state{.text = "hunter2", .layout = "us"};
  EXPECT_TRUE(picture_of({question, Echo::text}, state).shows("hunter2"));
  Picture dots = picture_of({question, Echo::dots}, state);
  EXPECT_FALSE(dots.shows("hunter2"));
  // Other characters, as many of them: the same picture. One more: another.
  state.text = "\xc3\xa4\xe2\x82\xacxyz\xf0\x9f\x98\x80?";
  EXPECT_EQ(picture_of({question, Echo::dots}, state).pixels, dots.pixels);
  state.text = "hunter22";
  EXPECT_NE(picture_of({question, Echo::dots}, state).pixels, dots.pixels);
}

TEST(PromptPage, ShowsTheMostUrgentHint) {
  Question question = password_question();
  Asked asked{question, Echo::dots};
  PromptState state{.refusal = "That is too long.", .caps_lock = true, .keyboard_found = false, .layout = "us"};
  EXPECT_TRUE(picture_of(asked, state).shows("No keyboard found"));
  state.keyboard_found = true;
  EXPECT_TRUE(picture_of(asked, state).shows("That is too long."));
  state.refusal = {};
  EXPECT_TRUE(picture_of(asked, state).shows("Caps Lock is on"));
  state.caps_lock = false;
  EXPECT_FALSE(picture_of(asked, state).shows("Caps Lock"));
  EXPECT_TRUE(picture_of(asked, state).shows("Keyboard: English (US)"));
}

TEST(PromptPage, GivesALongAnswerItsRows) {
  Question question{.notice = {.heading = "Recovery"}, .label = kRecoveryKeyLabel, .expected_characters = 77};
  Picture picture = picture_of({question, Echo::text}, {.text = kRecoveryText, .layout = "us"}, 480, 300);
  // 48 columns, less one for the padding: rows of seven groups.
  EXPECT_TRUE(picture.shows(kRecoveryText.substr(0, 42))) << picture.text();
  EXPECT_TRUE(picture.shows(kRecoveryText.substr(42))) << picture.text();
  EXPECT_FALSE(picture.shows(kRecoveryText.substr(0, 43)));
}

TEST(PromptPage, ShowsTheEndOfWhatDoesNotFit) {
  Question question{.notice = {.heading = "Name"}, .label = kNameLabel};
  std::string text = std::string(39 * 3, 'x') + "end";
  EXPECT_TRUE(picture_of({question, Echo::text}, {.text = text, .layout = "us"}).shows("end"));
  // More dots than there are places are as many dots as there are places.
  Picture many = picture_of({question, Echo::dots}, {.text = text, .layout = "us"});
  text += "more";
  EXPECT_EQ(picture_of({question, Echo::dots}, {.text = text, .layout = "us"}).pixels, many.pixels);
}

TEST(PromptPage, ShowsWhatIsToBeWrittenDownInGroups) {
  Picture picture(notice_page({.heading = "Recovery key", .written_down = kRecoveryText}), test_font(), 800, 300);
  EXPECT_TRUE(picture.shows("7KQ4M-ABCDE-FGHJK-LMNPQ-\n")) << picture.text();
  EXPECT_TRUE(picture.shows("  Z2345\n")) << picture.text();
}

TEST(PromptPage, ShowsALongListThroughAWindow) {
  Question question{.notice = {.heading = "Keyboard"}, .label = "Layout"};
  std::vector<std::string> options;
  for (int i = 0; i < 50; ++i) options.push_back("option" + std::to_string(i) + ".");
  for (std::size_t selected : {0U, 20U, 49U}) {
    Picture picture = picture_of({question, Echo::text, options}, {.selected = selected, .layout = "us"}, 400, 120);
    EXPECT_TRUE(picture.shows("option" + std::to_string(selected) + ".")) << picture.text();
    EXPECT_FALSE(picture.shows("option" + std::to_string((selected + 25) % 50) + "."));
    EXPECT_TRUE(picture.shows(std::to_string(selected + 1) + " of 50")) << picture.text();
  }
}

TEST(PromptPage, SaysOfWhatIsChosenOnlyWhereThereIsAChoice) {
  Question question{.notice = {.heading = "Read this"}, .label = kMenuLabel};
  const std::vector<std::string> two = {"Go on", kMenuTurnOff};
  const std::vector<std::string> one = {"Go on"};
  EXPECT_TRUE(picture_of({question, Echo::text, two}, {.layout = "us"}).shows(kMenuLabel));
  EXPECT_FALSE(picture_of({question, Echo::text, one}, {.layout = "us"}).shows(kMenuLabel));
}

TEST(PromptPage, NothingMovesWhenARemarkOrAHintComes) {
  Question question = password_question();
  PromptState state{.text = "abc", .layout = "us"};
  auto first_row_of_the_box = [&] {
    Picture picture = picture_of({question, Echo::dots}, state);
    return std::ranges::find(picture.pixels, 0x1c2027U) - picture.pixels.begin();
  };
  auto before = first_row_of_the_box();
  question.remark.clear();
  EXPECT_EQ(first_row_of_the_box(), before);
  state.refusal = "That is too long.";
  EXPECT_EQ(first_row_of_the_box(), before);
}

TEST(PromptPage, ASmallScreenShowsTheQuestionFirst) {
  Question question = password_question();
  question.notice.lines = {{"", std::vector<std::string>(20, "Much is to be said.")}};
  Picture picture = picture_of({question, Echo::text}, {.text = "typed", .layout = "us"}, 400, 60);
  for (const char* line : {"Unlock this machine\n", "Much is to be said.\n", "Wrong password. 9 tries left.\n",
                           "typed\n", "Keyboard: English (US)\n"}) {
    EXPECT_TRUE(picture.shows(line)) << line << "is not in:\n" << picture.text();
  }
  EXPECT_TRUE(picture_of({question, Echo::text}, {.text = "typed", .layout = "us"}, 400, 300).shows("Esc:"));
}

TEST(PromptPage, FitsIntoAnyScreen) {
  Question question = password_question();
  question.expected_characters = 77;
  std::vector<std::string> options(30, "an option");
  for (unsigned size : {0U, 1U, 7U, 8U, 20U, 40U, 333U}) {
    picture_of({question, Echo::dots}, {.text = kRecoveryText, .layout = "us"}, size, size);
    picture_of({question, Echo::text}, {.text = kRecoveryText, .layout = "us"}, size, size);
    picture_of({question, Echo::text, options}, {.selected = 29, .layout = "us"}, size, size);
    Picture(notice_page({.heading = "Recovery key", .written_down = kRecoveryText}), test_font(), size, size);
  }
}

// To look at: ASHLAR_TEST_FONT=font.psf ASHLAR_PICTURES=directory prompt_test --gtest_also_run_disabled_tests
TEST(PromptPage, DISABLED_DrawsPictures) {
  ASSERT_NE(std::getenv("ASHLAR_TEST_FONT"), nullptr);
  ASSERT_NE(std::getenv("ASHLAR_PICTURES"), nullptr);
  Bytes file = read_file(std::getenv("ASHLAR_TEST_FONT"), 1 << 20).value();
  PsfFont font = parse_psf2(file).value();
  auto save = [&](const std::string& name, const Page& page, unsigned width, unsigned height) {
    Picture picture(page, font, width, height);
    std::ofstream out(fs::path(std::getenv("ASHLAR_PICTURES")) / (name + ".ppm"), std::ios::binary);
    out << "P6\n" << width << " " << height << "\n255\n";
    for (std::uint32_t pixel : picture.pixels) {
      out << static_cast<char>(pixel >> 16) << static_cast<char>(pixel >> 8) << static_cast<char>(pixel);
    }
  };
  Question question = password_question();
  Asked password{question, Echo::dots};
  save("password", question_page(password, {.text = "correct horse", .caps_lock = true, .layout = "us"}), 1280, 800);
  save("password-4k", question_page(password, {.text = "horse", .layout = "us"}), 3840, 2160);
  save("password-small", question_page(password, {.text = std::string_view(kRecoveryText), .layout = "us"}), 800, 600);
  Question first = password_question();
  first.remark.clear();
  save("password-first", question_page({first, Echo::dots}, {.layout = "de(nodeadkeys)"}), 1920, 1080);
  Question recovery{
      .notice = {.heading = "The TPM did not give its part of the key",
                 .tone = Tone::failure,
                 .lines = {{"Why", {"The firmware was changed since this disk was set up (PCR 0 differs)."}},
                           {"What helps",
                            {"The recovery key opens the disk. It is the 13 groups you "
                             "wrote down at the first start."}}}},
      .label = kRecoveryKeyLabel,
      .remark = "Group 3 has a typing error.",
      .cancel = "turn off",
      .expected_characters = 77};
  save("recovery-small", question_page({recovery, Echo::text}, {.text = kRecoveryText, .layout = "us"}), 800, 600);
  save("recovery", question_page({recovery, Echo::text}, {.text = kRecoveryText.substr(0, 70), .layout = "us"}), 1280,
       800);
  Question layout{.notice = {.heading = "Welcome. Which keyboard is this?"}, .label = "Layout"};
  std::vector<std::string> options;
  for (const NamedLayout& named : keyboard_layouts()) options.emplace_back(named.words);
  save("layout", question_page({layout, Echo::text, options}, {.selected = 10, .layout = "us"}), 1280, 800);
  Question written{.notice = {.heading = "Write this recovery key down now",
                              .lines = {{"",
                                         {"It opens the disk when the password or the TPM cannot. It is shown "
                                          "this once, and nobody can make it again."}}},
                              .written_down = kRecoveryText},
                   .label = ""};
  std::vector<std::string> done{"I have written it down"};
  save("written-down", question_page({written, Echo::text, done}, {.layout = "us"}), 1280, 800);
}

}  // namespace
}  // namespace ashlar
