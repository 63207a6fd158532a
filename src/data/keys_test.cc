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

  Typing& event(unsigned code, int value) {
    if (std::optional<KeyPress> press = decoder.handle(code, value)) all_ += told(*press);
    return *this;
  }
  Typing& press(unsigned code) { return event(code, 1).event(code, 0); }
  Typing& with(unsigned modifier, unsigned code) { return event(modifier, 1).press(code).event(modifier, 0); }
  // What was typed since the last time.
  std::string typed() { return std::exchange(all_, {}); }

  KeyDecoder decoder;

 private:
  std::string all_;
};

TEST(KeyDecoder, FollowsTheLayout) {
  Typing us("us");
  EXPECT_EQ(us.press(KEY_Y).press(KEY_Z).with(KEY_LEFTSHIFT, KEY_2).press(KEY_SEMICOLON).typed(), "yz@;");
  Typing german("de(nodeadkeys)");
  EXPECT_EQ(german.press(KEY_Y).press(KEY_Z).press(KEY_SEMICOLON).typed(), "zy\xc3\xb6");
  EXPECT_EQ(german.with(KEY_RIGHTALT, KEY_Q).with(KEY_RIGHTALT, KEY_E).typed(), "@\xe2\x82\xac");
  EXPECT_EQ(german.press(KEY_GRAVE).typed(), "^");  // no dead key
  Typing french("fr(nodeadkeys)");
  EXPECT_EQ(french.press(KEY_Q).press(KEY_2).with(KEY_LEFTSHIFT, KEY_2).typed(), "a\xc3\xa9\x32");
}

TEST(KeyDecoder, KnowsTheKeysThatEdit) {
  Typing us("us");
  EXPECT_EQ(us.press(KEY_ENTER).press(KEY_KPENTER).press(KEY_BACKSPACE).press(KEY_ESC).typed(),
            "<enter><enter><erase><escape>");
  EXPECT_EQ(us.press(KEY_UP).press(KEY_DOWN).typed(), "<up><down>");
  EXPECT_EQ(us.with(KEY_LEFTCTRL, KEY_U).with(KEY_RIGHTCTRL, KEY_D).with(KEY_LEFTCTRL, KEY_H).typed(),
            "<clear><end><erase>");
  EXPECT_EQ(us.with(KEY_LEFTCTRL, KEY_C).with(KEY_LEFTALT, KEY_A).with(KEY_LEFTMETA, KEY_A).typed(),
            "<other><other><other>");
  EXPECT_EQ(us.press(KEY_F1).press(KEY_LEFT).press(KEY_CNT - 1).typed(), "<other><other><other>");
  EXPECT_EQ(us.press(KEY_LEFTSHIFT).press(KEY_LEFTCTRL).press(KEY_NUMLOCK).typed(), "");
}

TEST(KeyDecoder, ReportsCapsLock) {
  Typing us("us");
  EXPECT_FALSE(us.decoder.caps_lock());
  EXPECT_EQ(us.press(KEY_CAPSLOCK).typed(), "");
  EXPECT_TRUE(us.decoder.caps_lock());
  EXPECT_EQ(us.press(KEY_A).with(KEY_LEFTSHIFT, KEY_A).press(KEY_1).typed(), "Aa1");
  us.press(KEY_CAPSLOCK);
  EXPECT_FALSE(us.decoder.caps_lock());
  EXPECT_EQ(us.press(KEY_A).typed(), "a");
}

TEST(KeyDecoder, TypesDigitsOnTheKeypad) {
  Typing us("us");
  EXPECT_EQ(us.press(KEY_KP7).press(KEY_KP0).typed(), "70");
  EXPECT_EQ(us.press(KEY_NUMLOCK).press(KEY_KP8).typed(), "<up>");
}

TEST(KeyDecoder, RepeatsLettersAndNeverEnter) {
  Typing us("us");
  EXPECT_EQ(us.event(KEY_A, 1).event(KEY_A, 2).event(KEY_A, 0).typed(), "aa");
  EXPECT_EQ(us.event(KEY_BACKSPACE, 1).event(KEY_BACKSPACE, 2).typed(), "<erase><erase>");
  EXPECT_EQ(us.event(KEY_ENTER, 1).event(KEY_ENTER, 2).event(KEY_ENTER, 2).typed(), "<enter>");
  EXPECT_EQ(us.event(KEY_ESC, 2).typed(), "");
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
  EXPECT_EQ(decoded("\x7f\b\x15\x04\x03"), "<erase><erase><clear><end><clear><end>");
  EXPECT_EQ(decoded(std::string_view("\0\x05\t", 3)), std::string("\0\x05\t", 3));  // the editor refuses them
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
