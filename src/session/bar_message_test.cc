#include "session/bar_message.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

TEST(BarMessage, SaysWhatIsToBeShown) {
  EXPECT_EQ(parse_bar_message("NOTICE=Saved in Pictures\n"), (BarMessage{.notice = "Saved in Pictures"}));
  EXPECT_EQ(parse_bar_message("WARNING=No room left"), (BarMessage{.notice = "No room left", .warning = true}));
  EXPECT_EQ(parse_bar_message("SOUND=1\n"), (BarMessage{.sound = true}));
  EXPECT_EQ(parse_bar_message("BRIGHTNESS=1\n"), (BarMessage{.brightness = true}));
  EXPECT_EQ(parse_bar_message("WARNING=a\nNOTICE=b\n"), (BarMessage{.notice = "b"}));
}

TEST(BarMessage, PassesOverWhatItDoesNotKnow) {
  for (const char* none : {"", "\n\n", "SOUND=2", "SOUND=1 ", "notice=a", "READY=1", "NOTICE="}) {
    EXPECT_EQ(parse_bar_message(none), BarMessage{}) << none;
  }
}

TEST(BarMessage, ShowsLettersOfEveryLanguageAndNothingThatMovesOthers) {
  EXPECT_EQ(parse_bar_message("NOTICE=Größe 大きさ").notice, "Größe 大きさ");
  EXPECT_EQ(parse_bar_message("NOTICE=a\tb\x1b[1mc\x7f\xc2\x85").notice, "ab[1mc");
  EXPECT_EQ(parse_bar_message("NOTICE=\xe2\x80\xae"
                              "abc\xe2\x81\xa6")
                .notice,
            "abc");  // U+202E, U+2066
  EXPECT_EQ(parse_bar_message("NOTICE=a\xff\xc3").notice, "a");
  EXPECT_EQ(parse_bar_message("NOTICE=" + std::string(500, 'x')).notice, std::string(kLongestNotice, 'x'));
}

}  // namespace
}  // namespace ashlar
