// The turn of a boot, in a machine's whole life.
#include "base/random.h"
#include "data/turn_testing.h"
#include "sys/tpm_authority.h"

namespace ashlar::testing {
namespace {

TEST_F(TurnTest, SetsUpOnceAndOpensEveryDay) {
  set_up();
  EXPECT_EQ(session(), "{\"keyboard\":\"us\",\"name\":\"Anna\",\"tpm\":true,\"user\":\"u1\"}\n");
  for (int day = 0; day < 3; ++day) {
    expect_open();
    EXPECT_EQ(person_.times_asked(kPasswordLabel), 1) << person_.story();
    EXPECT_EQ(person_.times_asked(kRecoveryKeyLabel), 0);
    EXPECT_EQ(person_.seen.front(), "layout us");
  }
}

TEST_F(TurnTest, GoesOnWithoutDataOrLeavesWhenAsked) {
  for (const auto& [wish, end] :
       std::vector<std::pair<std::string, TurnEnd>>{{"Start without /data this time", TurnEnd::skipped},
                                                    {"Restart", TurnEnd::restart},
                                                    {"Turn off", TurnEnd::off}}) {
    person_.wishes = {wish};
    expect_end(end);
    EXPECT_EQ(storage_.state, PartitionState::absent);
  }
}

}  // namespace
}  // namespace ashlar::testing
