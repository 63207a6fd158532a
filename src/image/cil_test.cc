#include "image/cil.h"

#include <gtest/gtest.h>

namespace ashlar::image {
namespace {

std::string error_of(std::string_view text) {
  auto read = parse_cil(text, "x.cil");
  if (read) return "read";
  EXPECT_TRUE(read.error().is_misuse());
  return read.error().message();
}

TEST(Cil, ReadsListsWordsAndWhereTheyBegin) {
  auto read = parse_cil("; a comment (\n(allow a_t b_t\n  (file (read)))\n(genfscon proc \"/sys (x)\" c)\n", "x.cil");
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->size(), 2U);
  const CilNode& allow = read->at(0);
  EXPECT_EQ(allow.line, 2U);
  EXPECT_EQ(allow.at(0), "allow");
  EXPECT_EQ(allow.at(2), "b_t");
  EXPECT_EQ(allow.at(3), "") << "a list is no word";
  EXPECT_EQ(allow.at(4), "");
  EXPECT_EQ(allow.list.at(3).line, 3U);
  EXPECT_EQ(allow.list.at(3).at(0), "file");
  EXPECT_EQ(read->at(1).at(2), "/sys (x)");
  EXPECT_TRUE(parse_cil("", "x.cil")->empty());
}

TEST(Cil, SaysWhereItStopsBeingReadable) {
  EXPECT_EQ(error_of("\n(a (b)\n"), "x.cil:2: '(' is never closed");
  EXPECT_EQ(error_of("(a)\n)"), "x.cil:2: ')' closes nothing");
  EXPECT_EQ(error_of("(a)\n\nb"), "x.cil:3: a statement begins with '('");
  EXPECT_EQ(error_of("(a \"b\n)"), "x.cil:1: a '\"' is never closed");
  EXPECT_EQ(error_of(std::string(100'000, '(')), "x.cil:1: lists in lists without end");
}

}  // namespace
}  // namespace ashlar::image
