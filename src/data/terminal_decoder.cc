#include "data/terminal_decoder.h"

#include <utility>

namespace ashlar {
namespace {

constexpr std::uint8_t kEscape = 0x1b;
constexpr std::uint8_t kDelete = 0x7f;

constexpr std::uint8_t control(char letter) { return static_cast<std::uint8_t>(letter - '@'); }

Key of_final_byte(std::uint8_t byte) {
  if (byte == 'A') return Key::up;
  if (byte == 'B') return Key::down;
  return Key::other;
}

}  // namespace

void TerminalDecoder::feed(std::uint8_t byte, const KeySink& sink) {
  switch (state_) {
    case State::plain:
      feed_plain(byte, sink);
      return;
    case State::escape:
      if (byte == '[') {
        state_ = State::sequence;
      } else if (byte == 'O') {
        state_ = State::single_shift;
      } else if (byte == kEscape) {
        sink({Key::escape});
      } else {  // a combination with Alt
        state_ = State::plain;
        sink({Key::other});
      }
      return;
    case State::sequence:
      if (byte >= 0x20 && byte < 0x40) return;  // parameters
      [[fallthrough]];
    case State::single_shift:
      state_ = State::plain;
      if (byte >= 0x40 && byte < kDelete) {
        sink({of_final_byte(byte)});
      } else {
        feed_plain(byte, sink);
      }
      return;
  }
}

void TerminalDecoder::feed_plain(std::uint8_t byte, const KeySink& sink) {
  bool after_return = std::exchange(after_return_, byte == '\r');
  switch (byte) {
    case '\n':
      if (!after_return) sink({Key::enter});
      return;
    case '\r':
      return sink({Key::enter});
    case control('H'):
    case kDelete:
      return sink({Key::erase});
    case control('U'):
      return sink({Key::clear});
    case control('C'):  // leaves the question whatever was typed
      sink({Key::clear});
      return sink({Key::end_of_input});
    case control('D'):
      return sink({Key::end_of_input});
    case kEscape:
      state_ = State::escape;
      return;
    default:
      return sink({Key::text, {static_cast<char>(byte)}, 1});
  }
}

void TerminalDecoder::pause(const KeySink& sink) {
  State was = std::exchange(state_, State::plain);
  if (was == State::escape) sink({Key::escape});
  if (was == State::sequence || was == State::single_shift) sink({Key::other});
}

}  // namespace ashlar
