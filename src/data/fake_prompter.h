// The Prompter of the unit tests: answers as it was told, and remembers what it was asked.
#pragma once

#include <deque>
#include <string>

#include "data/prompt.h"

namespace ashlar {

class FakePrompter : public Prompter {
 public:
  // In the order they will be asked for; nullopt leaves the question. More questions than answers are an error.
  std::deque<std::optional<std::string>> answers;
  std::deque<std::optional<std::size_t>> choices;

  // What a person saw, one line each: "show HEADING", "ask LABEL [REMARK]", "choose LABEL", "layout NAME".
  std::vector<std::string> seen;
  // Of show() alone; what is to be written down is left out, because it lasts no longer than the call.
  std::vector<Notice> notices;
  std::vector<Question> questions;  // of ask() and choose(); the same

  void show(const Notice& notice) override {
    seen.push_back("show " + notice.heading);
    notices.push_back(notice);
    note_written_down(notices.back());
  }

  Result<std::optional<Secret>> ask(const Question& question, Echo) override {
    note("ask", question);
    if (answers.empty()) return fail("the test has no answer to: " + question.label);
    std::optional<std::string> answer = std::move(answers.front());
    answers.pop_front();
    if (!answer) return std::nullopt;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(answer->data());
    return TRY(Secret::copy_of({bytes, answer->size()}));
  }

  Result<std::optional<std::size_t>> choose(const Question& question, const std::vector<std::string>& options,
                                            std::size_t preselected) override {
    note("choose", question);
    if (options.empty() || preselected >= options.size()) return fail("a choice of nothing");
    if (choices.empty()) return fail("the test has no choice for: " + question.label);
    std::optional<std::size_t> choice = choices.front();
    choices.pop_front();
    return choice;
  }

  Status use_keyboard_layout(const std::string& name) override {
    seen.push_back("layout " + name);
    return {};
  }

  std::string written_down;   // the last that was shown
  unsigned qr_code_side = 0;  // of the last QR code, in modules; 0 where there was none

 private:
  void note_written_down(Notice& notice) {
    if (!notice.written_down.empty()) written_down = notice.written_down;
    if (notice.qr_code.side != 0) qr_code_side = notice.qr_code.side;
    notice.written_down = {};
    notice.qr_code = {};
  }
  void note(const std::string& what, const Question& question) {
    seen.push_back(what + " " + question.label + (question.remark.empty() ? "" : " [" + question.remark + "]"));
    questions.push_back(question);
    note_written_down(questions.back().notice);
  }
};

}  // namespace ashlar
