// One place where a question is put and can be answered: the screen with its keyboards, the serial line.
#pragma once

#include <poll.h>

#include <span>

#include "data/key_decoder.h"
#include "data/prompt.h"

namespace ashlar {

// A question in either of its forms. What it refers to outlives the question.
struct Asked {
  const Question& question;
  Echo echo = Echo::text;
  std::span<const std::string> options;  // empty: a line of text is asked for
  std::size_t preselected = 0;
};

enum class Answered { not_yet, entered, cancelled };

// Errors mean that this console can no longer answer.
class Console {
 public:
  virtual ~Console() = default;

  virtual void show(const Notice& notice) = 0;
  // Shows the question and forgets what was typed before.
  virtual Status begin(const Asked& asked) = 0;
  // What advance() reads from.
  virtual void add_descriptors(std::vector<pollfd>& descriptors) const = 0;
  // Milliseconds after which advance() is due even if nothing came; -1 for never.
  [[nodiscard]] virtual int patience() const = 0;
  // Takes what was typed, without waiting.
  virtual Result<Answered> advance() = 0;
  // Is there anything a person could type on?
  [[nodiscard]] virtual bool has_input() const = 0;
  // After advance() said entered.
  virtual Result<Secret> take_text() = 0;
  [[nodiscard]] virtual std::size_t selected() const = 0;
  // Takes the question away. `elsewhere`: another console had the answer.
  virtual void end(bool elsewhere) = 0;

  virtual Status use_keyboard_layout(const KeyboardLayout& layout) = 0;
};

}  // namespace ashlar
