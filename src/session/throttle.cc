#include "session/throttle.h"

#include <algorithm>

namespace ashlar {

void Throttle::was_wrong(unsigned user, Time now) {
  Tries& tries = tries_.at(user - 1);
  ++tries.wrong;
  if (tries.wrong <= kFree) return;
  const unsigned doublings = std::min(tries.wrong - kFree - 1, 10U);
  tries.next = now + std::min(kFirstWait * (1U << doublings), kLongestWait);
}

}  // namespace ashlar
