#include "format/session_owner.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

TEST(SessionOwner, IsReadAsItWasWritten) {
  for (const auto& [line, owner] : std::vector<std::pair<std::string, SessionOwner>>{
           {"u1 de nodeadkeys\n", {.user = 1, .layout = "de", .variant = "nodeadkeys"}},
           {"u8 us -\n", {.user = 8, .layout = "us", .variant = ""}},
           {"- ch fr_nodeadkeys\n", {.user = 0, .layout = "ch", .variant = "fr_nodeadkeys"}}}) {
    EXPECT_EQ(build_session_owner(owner), line);
    Result<SessionOwner> read = parse_session_owner(line);
    ASSERT_TRUE(read) << line << read.error().message();
    EXPECT_EQ(*read, owner);
  }
}

TEST(SessionOwner, IsNothingElse) {
  for (const char* line : {"",
                           "\n",
                           "u1\n",
                           "u1 us\n",
                           "u1 us -",
                           "u1 us - \n",
                           "u1 us -\n\n",
                           "u1 us -\nu2 us -\n",
                           "u1 us - x\n",
                           "u0 us -\n",
                           "u9 us -\n",
                           "u10 us -\n",
                           "root us -\n",
                           "u1  -\n",
                           "u1 - -\n",
                           "u1 US -\n",
                           "u1 us;x -\n",
                           "u1 us de(x)\n",
                           "u1  us -\n",
                           "u1 us\t-\n",
                           " u1 us -\n"}) {
    EXPECT_FALSE(parse_session_owner(line)) << line;
  }
  std::string too_long = "u1 us " + std::string(33, 'a') + "\n";
  EXPECT_FALSE(parse_session_owner(too_long));
  EXPECT_TRUE(parse_session_owner(too_long.erase(8, 1))) << "the control";
}

}  // namespace
}  // namespace ashlar
