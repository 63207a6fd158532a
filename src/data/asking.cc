#include "data/asking.h"

#include "data/password_quality.h"
#include "data/users.h"

namespace ashlar {
namespace {

std::unexpected<Error> leave(TurnEnd end) { return std::unexpected(Error("the person left").as(end)); }

}  // namespace

Result<std::size_t> menu(Prompter& prompter, const Notice& notice, const std::vector<std::string>& options,
                         std::size_t preselected) {
  for (;;) {
    std::optional<std::size_t> chosen =
        TRY(prompter.choose({.notice = notice, .label = kMenuLabel}, options, preselected));
    if (chosen) return *chosen;
  }
}

Result<std::size_t> menu_or_leave(Prompter& prompter, const Notice& notice, std::vector<std::string> options,
                                  std::size_t preselected) {
  std::size_t own = options.size();
  options.emplace_back(kMenuRestart);
  options.emplace_back(kMenuTurnOff);
  std::size_t chosen = TRY(menu(prompter, notice, options, preselected));
  if (chosen == own) return leave(TurnEnd::restart);
  if (chosen > own) return leave(TurnEnd::off);
  return chosen;
}

Status tell(Prompter& prompter, const Notice& notice) {
  TRY(menu(prompter, notice, {"Go on"}));
  return {};
}

Status tell_failure(Turn& turn, const std::string& heading, const Error& error) {
  turn.log("ashlar: data: " + heading + ": " + error.message());
  return tell(turn.prompter,
              {.heading = heading, .tone = Tone::failure, .lines = {{"", {as_sentence(error.message())}}}});
}

Result<std::string> ask_name(Prompter& prompter, const Notice& notice) {
  Question question{.notice = notice, .label = kNameLabel};
  for (;;) {
    std::optional<Secret> answer = TRY(prompter.ask(question, Echo::text));
    std::string name = answer ? std::string(as_text(answer->bytes())) : "";
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
    Status good = check_person_name(name);
    if (good) return name;
    question.remark = as_sentence(good.error().message());
  }
}

Result<std::optional<Secret>> ask_new_password(Prompter& prompter, const NewPassword& wanted) {
  Question first{.notice = wanted.notice, .label = kNewPasswordLabel, .cancel = wanted.cancel};
  first.notice.lines.push_back({"", {"Three or four unrelated words are hard to guess and easy to keep in mind."}});
  for (;;) {
    std::optional<Secret> password = TRY(prompter.ask(first, Echo::dots));
    if (!password) return std::nullopt;
    PasswordStrength strength = TRY(judge_password(*password, wanted.name));
    if (std::optional<std::string> why = why_too_weak(strength, wanted.least_bits)) {
      first.remark = *why;
      continue;
    }
    Question second{.notice = wanted.notice, .label = kAgainLabel, .cancel = "choose another one"};
    second.notice.lines.push_back({"Strength", {words_of_strength(strength, wanted.least_bits)}});
    std::optional<Secret> again = TRY(prompter.ask(second, Echo::dots));
    if (again && again->equals(*password)) return password;
    first.remark = again ? "The two were not the same. Once more, please." : "";
  }
}

Result<std::optional<Secret>> ask_password(Prompter& prompter, Question question) {
  for (;;) {
    std::optional<Secret> password = TRY(prompter.ask(question, Echo::dots));
    if (!password || !password->bytes().empty()) return password;
    question.remark = "Nothing was typed.";
  }
}

std::string as_sentence(std::string text) {
  if (text.empty()) return text;
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (text.back() != '.') text += '.';
  return text;
}

}  // namespace ashlar
