#include "data/prompt_page.h"

#include "data/keyboard_layouts.h"
#include "sys/release.h"

namespace ashlar {
namespace {

struct Hint {
  std::string text;
  Tone tone;
};

// The most urgent one: there is one row for it.
Hint hint_of(const Asked& asked, const PromptState& state) {
  if (!state.keyboard_found) return {"No keyboard found. Plug one in.", Tone::failure};
  if (!state.refusal.empty()) return {std::string(state.refusal), Tone::failure};
  if (!asked.options.empty()) return {"", Tone::faint};
  if (state.caps_lock) return {"Caps Lock is on", Tone::notice};
  return {"Keyboard: " + std::string(words_of_layout(state.layout)), Tone::faint};
}

std::string keys_of(const Asked& asked) {
  std::string keys = asked.options.size() > 1 ? "Up, Down: move   Enter: take it" : "Enter: go on";
  if (!asked.question.cancel.empty()) keys += "   Esc: " + asked.question.cancel;
  return keys;
}

}  // namespace

Page notice_page(const Notice& notice) {
  Page page{.title = "Ashlar", .subtitle = std::string(kVersion)};
  if (kDev) page.subtitle += "  DEV";
  page.heading = notice.heading;
  page.heading_tone = notice.tone;
  page.lines = notice.lines;
  page.written_down = notice.written_down;
  page.qr_code = notice.qr_code;
  return page;
}

Page question_page(const Asked& asked, const PromptState& state) {
  Page page = notice_page(asked.question.notice);
  page.remark = asked.question.remark;
  if (asked.options.empty()) {
    page.field = PageField{.label = asked.question.label,
                           .text = state.text,
                           .as_dots = asked.echo == Echo::dots,
                           .expected = asked.question.expected_characters};
  } else {
    // What can only be gone on from is no choice.
    page.choice = PageChoice{.label = asked.options.size() > 1 ? asked.question.label : "",
                             .options = {asked.options.begin(), asked.options.end()},
                             .selected = state.selected};
  }
  Hint hint = hint_of(asked, state);
  page.hint = std::move(hint.text);
  page.hint_tone = hint.tone;
  page.footer = keys_of(asked);
  return page;
}

}  // namespace ashlar
