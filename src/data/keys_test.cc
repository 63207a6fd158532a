#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include "data/key_decoder.h"
#include "data/keyboard_layouts.h"
#include "data/terminal_decoder.h"

namespace ashlar {
namespace {

// Text as it is, other keys by a name in angle brackets.
std::string told(const KeyPress& press) {
  switch (press.key) {
    case Key::text:
      return std::string(press.text());
    case Key::enter:
      return "<enter>";
    case Key::erase:
      return "<erase>";
    case Key::clear:
      return "<clear>";
    case Key::end_of_input:
      return "<end>";
    case Key::escape:
      return "<escape>";
    case Key::up:
      return "<up>";
    case Key::down:
      return "<down>";
    case Key::other:
      return "<other>";
  }
  return "";
}

class Typing {
 public:
  explicit Typing(const std::string& layout)
      : decoder(KeyDecoder::create(KeyboardLayout::load(layout).value()).value()) {}

  std::string press(unsigned code) { return event(code, 1) + event(code, 0); }
  std::string with(unsigned modifier, unsigned code) { return event(modifier, 1) + press(code) + event(modifier, 0); }
  std::string event(unsigned code, int value) {
    std::optional<KeyPress> press = decoder.handle(code, value);
    return press ? told(*press) : "";
  }

  KeyDecoder decoder;
};

TEST(KeyDecoder, FollowsTheLayout) {
  Typing us("us");
  EXPECT_EQ(us.press(KEY_Y) + us.press(KEY_Z) + us.with(KEY_LEFTSHIFT, KEY_2) + us.press(KEY_SEMICOLON), "yz@;");
  Typing german("de(nodeadkeys)");
  EXPECT_EQ(german.press(KEY_Y) + german.press(KEY_Z) + german.press(KEY_SEMICOLON), "zy\xc3\xb6");
  EXPECT_EQ(german.with(KEY_RIGHTALT, KEY_Q) + german.with(KEY_RIGHTALT, KEY_E), "@\xe2\x82\xac");
  EXPECT_EQ(german.press(KEY_GRAVE), "^");  // no dead key
  Typing french("fr(nodeadkeys)");
  EXPECT_EQ(french.press(KEY_Q) + french.press(KEY_2) + french.with(KEY_LEFTSHIFT, KEY_2),
            "a\xc3\xa9"
            "2");
}

TEST(KeyDecoder, KnowsTheKeysThatEdit) {
  Typing us("us");
  EXPECT_EQ(us.press(KEY_ENTER) + us.press(KEY_KPENTER) + us.press(KEY_BACKSPACE) + us.press(KEY_ESC),
            "<enter><enter><erase><escape>");
  EXPECT_EQ(us.press(KEY_UP) + us.press(KEY_DOWN), "<up><down>");
  EXPECT_EQ(us.with(KEY_LEFTCTRL, KEY_U) + us.with(KEY_RIGHTCTRL, KEY_D) + us.with(KEY_LEFTCTRL, KEY_H),
            "<clear><end><erase>");
  EXPECT_EQ(us.with(KEY_LEFTCTRL, KEY_C) + us.with(KEY_LEFTALT, KEY_A) + us.with(KEY_LEFTMETA, KEY_A),
            "<other><other><other>");
  EXPECT_EQ(us.press(KEY_F1) + us.press(KEY_LEFT) + us.press(KEY_CNT - 1), "<other><other><other>");
  EXPECT_EQ(us.press(KEY_LEFTSHIFT) + us.press(KEY_LEFTCTRL) + us.press(KEY_NUMLOCK), "");
}

TEST(KeyDecoder, ReportsCapsLock) {
  Typing us("us");
  EXPECT_FALSE(us.decoder.caps_lock());
  EXPECT_EQ(us.press(KEY_CAPSLOCK), "");
  EXPECT_TRUE(us.decoder.caps_lock());
  EXPECT_EQ(us.press(KEY_A) + us.with(KEY_LEFTSHIFT, KEY_A) + us.press(KEY_1), "Aa1");
  us.press(KEY_CAPSLOCK);
  EXPECT_FALSE(us.decoder.caps_lock());
  EXPECT_EQ(us.press(KEY_A), "a");
}

TEST(KeyDecoder, TypesDigitsOnTheKeypad) {
  Typing us("us");
  EXPECT_EQ(us.press(KEY_KP7) + us.press(KEY_KP0), "70");
  us.press(KEY_NUMLOCK);
  EXPECT_EQ(us.press(KEY_KP8), "<up>");
}

TEST(KeyDecoder, RepeatsLettersAndNeverEnter) {
  Typing us("us");
  EXPECT_EQ(us.event(KEY_A, 1) + us.event(KEY_A, 2) + us.event(KEY_A, 0), "aa");
  EXPECT_EQ(us.event(KEY_BACKSPACE, 1) + us.event(KEY_BACKSPACE, 2), "<erase><erase>");
  EXPECT_EQ(us.event(KEY_ENTER, 1) + us.event(KEY_ENTER, 2) + us.event(KEY_ENTER, 2), "<enter>");
  EXPECT_EQ(us.event(KEY_ESC, 2), "");
}

TEST(KeyboardLayout, LoadsAllThatAreOffered) {
  for (const NamedLayout& layout : keyboard_layouts()) {
    Result<KeyboardLayout> loaded = KeyboardLayout::load(std::string(layout.name));
    ASSERT_TRUE(loaded) << loaded.error().message();
    KeyDecoder decoder = KeyDecoder::create(*loaded).value();
    // Each of them can type what a password is mostly made of, and none has a key that does nothing.
    for (unsigned code = KEY_1; code <= KEY_0; ++code) {
      std::optional<KeyPress> press = decoder.handle(code, 1);
      ASSERT_TRUE(press);
      EXPECT_EQ(press->key, Key::text) << layout.name << " " << code;
      decoder.handle(code, 0);
    }
  }
}

TEST(KeyboardLayout, RefusesNamesThatAreNone) {
  for (const char* name : {"", "zz", "us(nosuch)", "../../etc/passwd", "us(", "us,de", "us()x", "us(a)b"}) {
    Result<KeyboardLayout> loaded = KeyboardLayout::load(name);
    ASSERT_FALSE(loaded) << name;
    EXPECT_EQ(loaded.error().message(), "there is no keyboard layout " + std::string(name));
  }
  EXPECT_FALSE(KeyboardLayout::load("us", "/nowhere"));
  EXPECT_TRUE(KeyboardLayout::load("us"));
}

std::string decoded(std::string_view bytes, TerminalDecoder&& decoder = {}) {
  std::string all;
  KeySink sink = [&](const KeyPress& press) { all += told(press); };
  for (char byte : bytes) decoder.feed(static_cast<std::uint8_t>(byte), sink);
  if (decoder.waiting()) decoder.pause(sink);
  EXPECT_FALSE(decoder.waiting());
  return all;
}

TEST(TerminalDecoder, KnowsControlCharacters) {
  EXPECT_EQ(decoded("a\xc3\xa4\r"), "a\xc3\xa4<enter>");
  EXPECT_EQ(decoded("a\nb\r\nc\r\rd\n\n"), "a<enter>b<enter>c<enter><enter>d<enter><enter>");
  EXPECT_EQ(decoded("\x7f\b\x15\x04"), "<erase><erase><clear><end>");
  EXPECT_EQ(decoded(std::string_view("\0\x03\t", 3)), std::string("\0\x03\t", 3));  // the editor refuses them
}

TEST(TerminalDecoder, TellsEscFromSequences) {
  EXPECT_EQ(decoded("\x1b"), "<escape>");
  EXPECT_EQ(decoded("\x1b\x1b"), "<escape><escape>");
  EXPECT_EQ(decoded("\x1b[A\x1b[B\x1bOA\x1bOBx"), "<up><down><up><down>x");
  EXPECT_EQ(decoded("\x1b[1;5Ax\x1b[3~y\x1b[15~z"), "<up>x<other>y<other>z");
  EXPECT_EQ(decoded("\x1b"
                    "ay"),
            "<other>y");
  EXPECT_EQ(decoded("\x1b["), "<other>");
  EXPECT_EQ(decoded("\x1b[\r"), "<enter>");
}

}  // namespace
}  // namespace ashlar
