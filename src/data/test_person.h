// Somebody at the prompt, for the tests of a whole turn: answers by what is asked, not by order, knows a password, and
// writes the recovery key down.
#pragma once

#include <algorithm>
#include <deque>
#include <string>

#include "data/prompt.h"

namespace ashlar {

class TestPerson : public Prompter {
 public:
  std::string name = "Anna";
  std::string password = "violin ticket marmalade orbit";
  std::string new_password = "violin ticket marmalade orbit";
  std::string paper;  // the recovery key as it was last shown

  // Before what is above is answered, these are, each to the next question with its label; nullopt leaves it.
  std::deque<std::optional<std::string>> passwords;
  std::deque<std::optional<std::string>> new_passwords;
  std::deque<std::optional<std::string>> agains;
  std::deque<std::optional<std::string>> recovery_keys;
  // Options to be taken when they are offered, in this order. A menu that offers nothing of this: what sets up, goes on
  // or confirms; otherwise "Restart".
  std::deque<std::string> wishes;

  // What was seen, a line each: "Heading / ask Password / Wrong password. 9 tries left." and so on.
  std::vector<std::string> seen;
  std::vector<std::string> texts;  // of notices, whole

  [[nodiscard]] bool saw(std::string_view text) const {
    auto holds = [&](const std::string& line) { return line.find(text) != std::string::npos; };
    return std::ranges::any_of(seen, holds) || std::ranges::any_of(texts, holds);
  }
  [[nodiscard]] std::ptrdiff_t times_asked(std::string_view label) const {
    return std::ranges::count_if(
        seen, [&](const std::string& line) { return line.find("/ ask " + std::string(label)) != std::string::npos; });
  }
  [[nodiscard]] std::string story() const {
    std::string story;
    for (const std::string& line : seen) story += line + "\n";
    return story;
  }

  void show(const Notice& notice) override { note(notice, "show"); }

  Result<std::optional<Secret>> ask(const Question& question, Echo) override {
    note(question.notice, "ask " + question.label + (question.remark.empty() ? "" : " / " + question.remark));
    if (seen.size() > kPatience) return fail("the person lost patience");
    std::optional<std::string> answer;
    if (question.label == kPasswordLabel) {
      answer = next(passwords, password);
    } else if (question.label == kNewPasswordLabel) {
      answer = next(new_passwords, new_password);
      last_new_ = answer.value_or("");
    } else if (question.label == kAgainLabel) {
      answer = next(agains, last_new_);
    } else if (question.label == kRecoveryKeyLabel) {
      answer = next(recovery_keys, paper);
    } else {
      answer = name;
    }
    if (!answer) return std::nullopt;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(answer->data());
    return TRY(Secret::copy_of({bytes, answer->size()}));
  }

  Result<std::optional<std::size_t>> choose(const Question& question, const std::vector<std::string>& options,
                                            std::size_t preselected) override {
    std::size_t chosen = options.size();
    if (!wishes.empty()) chosen = index_of(options, wishes.front());
    if (chosen < options.size()) wishes.pop_front();
    for (const char* usual : {"Set up this machine", "I have written it down", "Go on", "Restart"}) {
      if (chosen == options.size()) chosen = index_of(options, usual);
    }
    if (chosen == options.size()) chosen = preselected;
    note(question.notice, "choose " + question.label + ": " + options[chosen]);
    if (seen.size() > kPatience) return fail("the person lost patience");
    return chosen;
  }

  Status use_keyboard_layout(const std::string& layout) override {
    seen.push_back("layout " + layout);
    return {};
  }

 private:
  static constexpr std::size_t kPatience = 200;  // questions

  static std::size_t index_of(const std::vector<std::string>& options, std::string_view option) {
    return static_cast<std::size_t>(std::ranges::find(options, option) - options.begin());
  }
  static std::optional<std::string> next(std::deque<std::optional<std::string>>& queue, const std::string& usual) {
    if (queue.empty()) return usual;
    std::optional<std::string> answer = std::move(queue.front());
    queue.pop_front();
    return answer;
  }
  void note(const Notice& notice, const std::string& what) {
    seen.push_back(notice.heading + " / " + what);
    if (!notice.written_down.empty()) paper = notice.written_down;
    std::string text = notice.heading;
    for (const PageLine& line : notice.lines) {
      text += "\n" + line.label;
      for (const std::string& row : line.text) text += (line.label.empty() ? "" : ": ") + row;
    }
    texts.push_back(std::move(text));
  }

  std::string last_new_;
};

}  // namespace ashlar
