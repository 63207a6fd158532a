#include "format/notify_message.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

TEST(NotifyMessage, ReadsWhatItKnowsAndPassesOverTheRest) {
  NotifyMessage message = parse_notify("MAINPID=7\nREADY=1\nSTATUS=serving\n\nREADY\n=\nSTOPPING=1");
  EXPECT_TRUE(message.ready);
  EXPECT_TRUE(message.stopping);
  EXPECT_EQ(message.status, "serving");
  EXPECT_FALSE(parse_notify("").ready);
  EXPECT_FALSE(parse_notify("READY=0\nXREADY=1\nREADY=11").ready);
}

TEST(NotifyMessage, AStatusCannotPlayWithATerminal) {
  EXPECT_EQ(parse_notify("STATUS=a\x1b[2Jb\r\x7f\xff").status, "a[2Jb");
  EXPECT_EQ(parse_notify("STATUS=" + std::string(4000, 'x')).status.size(), 80U);
}

}  // namespace
}  // namespace ashlar
