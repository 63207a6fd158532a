#include "data/screen_console.h"

#include "data/prompt_page.h"

namespace ashlar {

void ScreenConsole::show(const Notice& notice) { show_(notice_page(notice)); }

Status ScreenConsole::begin(const Asked& asked) {
  editor_ = TRY(LineEditor::create());
  selection_.reset();
  if (!asked.options.empty()) selection_.emplace(asked.options.size(), asked.preselected);
  asked_.emplace(asked);
  answered_ = Answered::not_yet;
  TRY(keyboard_.grab());
  draw();
  return {};
}

Result<Answered> ScreenConsole::advance() {
  redraw_ = false;
  const bool caps_lock = keyboard_.caps_lock();
  const bool changed = TRY(keyboard_.read([this](const KeyPress& key) { press(key); }));
  if (answered_ == Answered::not_yet && (redraw_ || changed || caps_lock != keyboard_.caps_lock())) draw();
  return answered_;
}

void ScreenConsole::press(const KeyPress& press) {
  if (answered_ != Answered::not_yet) return;  // typed ahead of a question that is not asked yet
  if (!asked_->options.empty()) {
    redraw_ |= selection_->press(press);
    if (press.key == Key::enter) answered_ = Answered::entered;
    if (press.key == Key::escape && !asked_->question.cancel.empty()) answered_ = Answered::cancelled;
    return;
  }
  switch (editor_->press(press)) {
    case LineEditor::Outcome::unchanged:
      return;
    case LineEditor::Outcome::changed:
    case LineEditor::Outcome::refused:
      redraw_ = true;
      return;
    case LineEditor::Outcome::entered:
      answered_ = Answered::entered;
      return;
    case LineEditor::Outcome::cancelled:
      if (!asked_->question.cancel.empty()) answered_ = Answered::cancelled;
      return;
  }
}

Result<Secret> ScreenConsole::take_text() { return editor_->take(); }

void ScreenConsole::end(bool) {
  keyboard_.release();
  editor_.reset();
  if (asked_) draw();  // what was typed does not stay on the screen
  asked_.reset();
}

void ScreenConsole::draw() {
  show_(question_page(*asked_, {.text = editor_ ? editor_->text() : std::string_view(),
                                .selected = selection_ ? selection_->at() : 0,
                                .refusal = editor_ ? editor_->refusal() : std::string_view(),
                                .caps_lock = keyboard_.caps_lock(),
                                .keyboard_found = keyboard_.present(),
                                .layout = keyboard_.layout().name()}));
}

}  // namespace ashlar
