#include "init/output_ring.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

TEST(OutputRing, KeepsTheNewestWholeLines) {
  OutputRing ring;
  EXPECT_EQ(ring.text(), "");
  EXPECT_TRUE(ring.last_lines(2, 10).empty());
  ring.write("one\ntwo\x1b\n\n");
  EXPECT_EQ(ring.text(), "one\ntwo\x1b\n\n");
  EXPECT_EQ(ring.last_lines(1, 10), std::vector<std::string>{"two"});
  EXPECT_EQ(ring.last_lines(9, 2), (std::vector<std::string>{"on", "tw"}));
  for (int i = 0; i < 4000; ++i) ring.write(std::to_string(10000 + i) + "\n");
  std::string text = ring.text();
  EXPECT_LE(text.size(), OutputRing::kBytes);
  EXPECT_GT(text.size(), OutputRing::kBytes - 10);
  EXPECT_EQ(text.find('\n'), 5U) << "no half line at the beginning";
  EXPECT_TRUE(text.ends_with("13998\n13999\n"));
  ring.write(std::string(100'000, 'x'));
  EXPECT_EQ(ring.last_lines(1, 5), std::vector<std::string>{"xxxxx"});
}

TEST(OutputRing, HasPid1sLinesApartFromTheServices) {
  OutputRing ring;
  ring.note("ready");
  ring.write("half a li");
  ring.note("was ended");
  EXPECT_EQ(ring.text(), "ashlar: ready\nhalf a li\nashlar: was ended\n");
  EXPECT_EQ(ring.last_lines(9, 80), std::vector<std::string>{"half a li"});
}

TEST(OutputRing, GivesWhatCameAfterAPosition) {
  OutputRing ring;
  ring.write("0123456789");
  EXPECT_EQ(ring.since(0, 100).bytes, "0123456789");
  EXPECT_EQ(ring.since(4, 3).bytes, "456");
  EXPECT_EQ(ring.since(10, 100).bytes, "");
  EXPECT_EQ(ring.since(99, 100).begin, 10U) << "nobody has seen more than there is";
  ring.write(std::string(OutputRing::kBytes, 'x'));
  EXPECT_EQ(ring.since(4, 3).begin, 10U) << "the oldest that is kept";
  EXPECT_EQ(ring.since(4, 3).bytes, "xxx");
}

}  // namespace
}  // namespace ashlar
