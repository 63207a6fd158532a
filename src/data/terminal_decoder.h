// From the bytes of a terminal (in raw mode) to keys: control characters and the escape sequences of the
// cursor keys (ECMA-48, as VT220 and xterm send them).
#pragma once

#include "data/keys.h"

namespace ashlar {

class TerminalDecoder {
 public:
  void feed(std::uint8_t byte, const KeySink& sink);

  // An escape character alone is the Esc key, followed at once by others it is a sequence: while waiting(), the caller
  // calls pause() when kEscapeTime milliseconds brought nothing more.
  static constexpr int kEscapeTime = 50;
  [[nodiscard]] bool waiting() const { return state_ != State::plain; }
  void pause(const KeySink& sink);

 private:
  enum class State { plain, escape, sequence, single_shift };
  void feed_plain(std::uint8_t byte, const KeySink& sink);

  State state_ = State::plain;
  bool after_return_ = false;  // a line feed now belongs to the carriage return before it
};

}  // namespace ashlar
