// Questions that come up in several places.
#pragma once

#include "data/turn.h"

namespace ashlar {

// A menu that cannot be left: the index of the option that was taken.
Result<std::size_t> menu(Prompter& prompter, const Notice& notice, const std::vector<std::string>& options,
                         std::size_t preselected = 0);
// The same with "Restart" and "Turn off" below the options. Errors: these two, as TurnEnd.
Result<std::size_t> menu_or_leave(Prompter& prompter, const Notice& notice, std::vector<std::string> options,
                                  std::size_t preselected = 0);
// Waits until it was read.
Status tell(Prompter& prompter, const Notice& notice);
// A failure that stops nothing: told, and written to the log.
Status tell_failure(Turn& turn, const std::string& heading, const Error& error);

// What the person is called (check_person_name), without blanks at either end.
Result<std::string> ask_name(Prompter& prompter, const Notice& notice);

struct NewPassword {
  Notice notice;
  double least_bits;   // password_quality.h
  std::string name;    // the person's, which makes no good password
  std::string cancel;  // what leaving the question means; empty: it cannot be left
};
// Typed twice, and strong enough. nullopt: left.
Result<std::optional<Secret>> ask_new_password(Prompter& prompter, const NewPassword& wanted);

// A password that is there already, not empty. nullopt: left.
Result<std::optional<Secret>> ask_password(Prompter& prompter, Question question);

// "the recovery key has ..." -> "The recovery key has ... ."
std::string as_sentence(std::string text);

}  // namespace ashlar
