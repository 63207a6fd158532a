#include "session/throttle.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

using namespace std::chrono_literals;

TEST(Throttle, WaitsLongerAfterEachWrongPasswordUpToAMinute) {
  Throttle throttle;
  Throttle::Time now = 1000s;
  std::vector<Throttle::Time> waits;
  for (int i = 0; i < 12; ++i) {
    throttle.was_wrong(1, now);
    Throttle::Time next = throttle.next_try(1);
    waits.push_back(next > now ? next - now : 0s);
    now = std::max(now, next);
  }
  EXPECT_EQ(waits, (std::vector<Throttle::Time>{0s, 0s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s, 60s, 60s}));
  EXPECT_LT(throttle.next_try(2), now) << "another user's";
  throttle.was_right(1);
  EXPECT_LT(throttle.next_try(1), now);
  throttle.was_wrong(1, now);
  EXPECT_LT(throttle.next_try(1), now) << "counting begins anew";
}

TEST(Throttle, DoesNotOverflow) {
  Throttle throttle;
  for (int i = 0; i < 100'000; ++i) throttle.was_wrong(8, 1000s);
  EXPECT_EQ(throttle.next_try(8), 1000s + Throttle::kLongestWait);
}

}  // namespace
}  // namespace ashlar
