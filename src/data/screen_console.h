// The screen and its keyboards.
#pragma once

#include "data/console.h"
#include "data/keyboard.h"
#include "data/line_editor.h"
#include "data/selection.h"

namespace ashlar {

// Puts a page on the screens; without one nothing happens (Kernel::show).
using ShowPage = std::function<void(const Page&)>;

class ScreenConsole : public Console {
 public:
  ScreenConsole(ShowPage show, Keyboard keyboard) : show_(std::move(show)), keyboard_(std::move(keyboard)) {}

  void show(const Notice& notice) override;
  Status begin(const Asked& asked) override;
  void add_descriptors(std::vector<pollfd>& descriptors) const override { keyboard_.add_descriptors(descriptors); }
  [[nodiscard]] int patience() const override { return Keyboard::kRescanTime; }
  Result<Answered> advance() override;
  [[nodiscard]] bool has_input() const override { return keyboard_.present(); }
  Result<Secret> take_text() override;
  [[nodiscard]] std::size_t selected() const override { return selection_->at(); }
  void end(bool elsewhere) override;
  Status use_keyboard_layout(const KeyboardLayout& layout) override { return keyboard_.use_layout(layout); }

 private:
  void draw();
  void press(const KeyPress& press);

  ShowPage show_;
  Keyboard keyboard_;
  std::optional<Asked> asked_;
  std::optional<LineEditor> editor_;
  std::optional<Selection> selection_;
  Answered answered_ = Answered::not_yet;
  bool redraw_ = false;
};

}  // namespace ashlar
