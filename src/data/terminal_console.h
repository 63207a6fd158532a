// A terminal: plain lines, and "Password: " for a tool or a person to answer. At a start of the machine it is the dev
// variant's serial line; for the verbs of the unlocking program it is the terminal of who called it.
#pragma once

#include <termios.h>

#include <chrono>

#include "base/fd.h"
#include "data/console.h"
#include "data/line_editor.h"
#include "data/terminal_decoder.h"

namespace ashlar {

class TerminalConsole : public Console {
 public:
  // In raw mode and without echo until it is destroyed. An error when there is no such terminal.
  static Result<TerminalConsole> open(const fs::path& terminal);
  TerminalConsole(TerminalConsole&&) = default;
  TerminalConsole& operator=(TerminalConsole&&) = delete;
  ~TerminalConsole() override;

  void show(const Notice& notice) override;
  Status begin(const Asked& asked) override;
  void add_descriptors(std::vector<pollfd>& descriptors) const override;
  [[nodiscard]] int patience() const override;
  Result<Answered> advance() override;
  [[nodiscard]] bool has_input() const override { return true; }
  Result<Secret> take_text() override { return editor_->take(); }
  [[nodiscard]] std::size_t selected() const override { return selected_; }
  void end(bool elsewhere) override;
  Status use_keyboard_layout(const KeyboardLayout&) override { return {}; }

 private:
  TerminalConsole(Fd line, const termios& before) : line_(std::move(line)), before_(before) {}
  void press(const KeyPress& press);
  void enter();
  void print_prompt();
  // What cannot be written is noted in failure_.
  void print(std::string_view text);
  void print_line(std::string_view text);

  Fd line_;
  termios before_;
  TerminalDecoder decoder_;
  std::chrono::steady_clock::time_point last_byte_;
  std::optional<Asked> asked_;
  std::optional<LineEditor> editor_;
  std::size_t selected_ = 0;
  Answered answered_ = Answered::not_yet;
  Status failure_;
};

}  // namespace ashlar
