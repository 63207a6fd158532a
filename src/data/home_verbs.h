// `data users`, `data open-home uN`, `data close-home uN`.
#pragma once

#include <chrono>

#include "data/homes.h"
#include "data/prompt.h"

namespace ashlar {

// "u1  Anna", one line each; or [{"user":"u1","name":"Anna"}].
Result<std::string> users_text(Storage& storage);
Result<std::string> users_json(Storage& storage);

struct OpenHomeLimits {
  unsigned tries = 3;
  // Every try takes at least so long, and one comes after the other, whoever asks: the password of another user cannot
  // be guessed faster than it can be typed.
  std::chrono::milliseconds least{1000};
};
// Asks for the password and opens the home. Errors: no such user; the question was left; too many wrong passwords.
Status open_home(Storage& storage, Prompter& prompter, unsigned user, const OpenHomeLimits& limits = {});

// Errors: it is not open; files are still open in it, which is then said with what to do about it.
Status close_home(Storage& storage, unsigned user);

}  // namespace ashlar
