// How long a user waits after wrong passwords. Each try costs an Argon2id anyway; from the third wrong one in a row on
// the next is not looked at before 2 s have passed, then 4, 8 and so on to a minute. A right one ends it. Kept in
// memory: who restarts the machine meets the prompt, which has a TPM to count tries.
#pragma once

#include <array>
#include <chrono>

#include "format/user_accounts.h"

namespace ashlar {

class Throttle {
 public:
  using Time = std::chrono::milliseconds;  // since the machine started

  static constexpr unsigned kFree = 2;  // wrong ones in a row that cost nothing more
  static constexpr Time kFirstWait = std::chrono::seconds(2);
  static constexpr Time kLongestWait = std::chrono::seconds(60);

  // When the next try of `user`, 1 to 8, is looked at. The past: at once.
  [[nodiscard]] Time next_try(unsigned user) const { return tries_.at(user - 1).next; }
  void was_wrong(unsigned user, Time now);
  void was_right(unsigned user) { tries_.at(user - 1) = {}; }

 private:
  struct Tries {
    unsigned wrong = 0;  // in a row
    Time next{};
  };
  std::array<Tries, kUsers> tries_{};
};

}  // namespace ashlar
