#include "data/users.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

using namespace std::string_literals;

TEST(AccountName, IsOneOfEight) {
  for (unsigned user = 1; user <= kUsers; ++user) EXPECT_EQ(parse_account_name(account_name(user)), user);
  for (const char* bad : {"", "u", "u0", "u9", "u11", "U1", "u1 ", " u1", "root", "1"}) {
    EXPECT_FALSE(parse_account_name(bad)) << bad;
  }
}

TEST(PersonName, MayBeInAnyScript) {
  for (const char* good : {"A", "Anna", "Anna Ó Briain", "Ζωή", "花子", "👩", "O'Neil; rm -rf /", "%s \\n \"x\""}) {
    EXPECT_TRUE(check_person_name(good)) << good;
  }
  EXPECT_TRUE(check_person_name(std::string(64, 'x')));
}

TEST(PersonName, RefusesWhatMisleadsAndSaysWhy) {
  auto why = [](std::string_view name) {
    Status checked = check_person_name(name);
    return checked ? "(no error)" : checked.error().message();
  };
  EXPECT_EQ(why(""), "a name has at least one character");
  EXPECT_EQ(why(std::string(65, 'x')), "a name has at most 64 bytes, this one 65");
  for (const char* blank : {" ", " Anna", "Anna "}) {
    EXPECT_EQ(why(blank), "a name does not begin or end with a blank");
  }
  for (const std::string& control : {"An\0na"s, "Anna\n"s, "\x1b[2J"s, "Anna\x7f"s, "A\u0085"s, "A\u2028B"s,
                                     "A\u202egnp.exe"s, "A\u2066B"s, "A\u200fB"s, "A\u061cB"s}) {
    EXPECT_EQ(why(control), "a name has no control characters");
  }
  for (const std::string& broken : {"\x80"s, "\xc3"s, "\xc0\xaf"s, "\xe0\x80\xaf"s, "\xed\xa0\x80"s,
                                    "\xf4\x90\x80\x80"s, "\xff"s, "A\xc3("s, "\xf8\x88\x80\x80\x80"s, "\xe2\x82"s}) {
    EXPECT_EQ(why(broken), "the name is not UTF-8");
  }
}

}  // namespace
}  // namespace ashlar
