#include "data/line_editor.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "data/selection.h"

namespace ashlar {
namespace {

using Outcome = LineEditor::Outcome;

class Editor : public testing::Test {
 protected:
  Outcome type(std::string_view text) {
    Outcome last = Outcome::unchanged;
    for (char byte : text) last = editor.press({Key::text, {byte}, 1});
    return last;
  }
  Outcome press(Key key) { return editor.press({key}); }
  // Any bytes left behind the line: what was dropped must be wiped.
  std::size_t left_behind() {
    std::string_view text = editor.text();
    return static_cast<std::size_t>(std::ranges::count_if(text.data() + text.size(), text.data() + kLongestAnswer + 4,
                                                          [](char byte) { return byte != 0; }));
  }

  LineEditor editor = LineEditor::create().value();
};

TEST_F(Editor, TakesCharactersWholeOrByteByByte) {
  KeyPress euro{Key::text, {'\xe2', '\x82', '\xac'}, 3};
  EXPECT_EQ(editor.press(euro), Outcome::changed);
  EXPECT_EQ(type("\xc3"), Outcome::unchanged);
  EXPECT_EQ(editor.text(), "\xe2\x82\xac");  // half a character is not there yet
  EXPECT_EQ(type("\xa4"), Outcome::changed);
  EXPECT_EQ(type("\xf0\x9f\x98\x80z"), Outcome::changed);
  EXPECT_EQ(editor.text(), "\xe2\x82\xac\xc3\xa4\xf0\x9f\x98\x80z");
  EXPECT_EQ(editor.characters(), 4U);
  EXPECT_EQ(press(Key::enter), Outcome::entered);
}

TEST_F(Editor, TakesBackAWholeCharacterAndWipesIt) {
  type("a\xc3\xa4\xf0\x9f\x98\x80");
  EXPECT_EQ(press(Key::erase), Outcome::changed);
  EXPECT_EQ(editor.text(), "a\xc3\xa4");
  EXPECT_EQ(left_behind(), 0U);
  EXPECT_EQ(press(Key::erase), Outcome::changed);
  EXPECT_EQ(editor.text(), "a");
  type("\xe2\x82");  // what is not whole goes first
  EXPECT_EQ(left_behind(), 2U);
  EXPECT_EQ(press(Key::erase), Outcome::unchanged);
  EXPECT_EQ(editor.text(), "a");
  EXPECT_EQ(left_behind(), 0U);
  press(Key::erase);
  EXPECT_EQ(editor.text(), "");
  EXPECT_EQ(press(Key::erase), Outcome::unchanged);
}

TEST_F(Editor, ClearsAndWipes) {
  type("correct horse");
  EXPECT_EQ(press(Key::clear), Outcome::changed);
  EXPECT_EQ(editor.text(), "");
  EXPECT_EQ(left_behind(), 0U);
  type("battery");
  EXPECT_EQ(press(Key::escape), Outcome::changed);
  EXPECT_EQ(editor.text(), "");
  EXPECT_EQ(left_behind(), 0U);
}

TEST_F(Editor, IsLeftOnlyWhenEmpty) {
  type("x");
  EXPECT_EQ(press(Key::end_of_input), Outcome::unchanged);
  EXPECT_EQ(editor.text(), "x");
  press(Key::erase);
  EXPECT_EQ(press(Key::end_of_input), Outcome::cancelled);
  EXPECT_EQ(press(Key::escape), Outcome::cancelled);
}

TEST_F(Editor, RefusesControlCharactersAndSaysSo) {
  type("a");
  for (std::string_view bad : {std::string_view("\0", 1), std::string_view("\t"), std::string_view("\x1b"),
                               std::string_view("\x7f"), std::string_view("\xc2\x80"), std::string_view("\xc2\x9f")}) {
    EXPECT_EQ(type(bad), Outcome::refused);
    EXPECT_FALSE(editor.refusal().empty());
    EXPECT_EQ(editor.text(), "a");
    EXPECT_EQ(left_behind(), 0U);
  }
  EXPECT_EQ(type("\xc2\xa0"), Outcome::changed);  // a space that does not break is a character
  EXPECT_TRUE(editor.refusal().empty());
}

TEST_F(Editor, RefusesWhatIsNotUtf8) {
  for (const char* bad : {"\x80", "\xc0", "\xff", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80"}) {
    EXPECT_EQ(type(bad), Outcome::refused);
    EXPECT_EQ(editor.text(), "");
    EXPECT_EQ(left_behind(), 0U);
  }
  EXPECT_EQ(type("\xe2\x82z"), Outcome::refused);  // cut off; what came after it counts
  EXPECT_EQ(editor.text(), "z");
  type("\xe2");
  EXPECT_EQ(press(Key::enter), Outcome::refused);  // the line would not be what was typed
  EXPECT_EQ(press(Key::enter), Outcome::entered);
  EXPECT_EQ(editor.text(), "z");
}

TEST_F(Editor, HoldsExactlyTheLongestAnswer) {
  std::string longest(kLongestAnswer - 1, 'a');
  EXPECT_EQ(type(longest), Outcome::changed);
  EXPECT_EQ(type("\xc3\xa4"), Outcome::refused);  // would be one byte too many
  EXPECT_FALSE(editor.refusal().empty());
  EXPECT_EQ(type("b"), Outcome::changed);
  EXPECT_EQ(type("c"), Outcome::refused);
  EXPECT_EQ(type("\xf0\x9f\x98\x80"), Outcome::refused);
  EXPECT_EQ(editor.text(), longest + "b");
  EXPECT_EQ(left_behind(), 0U);
}

TEST_F(Editor, GivesTheLineAwayAndKeepsNothing) {
  type("p\xc3\xa4ss");
  Secret line = editor.take().value();
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(line.bytes().data()), line.bytes().size()), "p\xc3\xa4ss");
  EXPECT_EQ(editor.text(), "");
  EXPECT_EQ(left_behind(), 0U);
  EXPECT_EQ(editor.take().value().bytes().size(), 0U);
}

TEST(Selection, MovesAndStopsAtTheEnds) {
  Selection selection(3, 7);
  EXPECT_EQ(selection.at(), 2U);
  EXPECT_FALSE(selection.press({Key::down}));
  EXPECT_TRUE(selection.press({Key::up}));
  EXPECT_TRUE(selection.press({Key::up}));
  EXPECT_FALSE(selection.press({Key::up}));
  EXPECT_EQ(selection.at(), 0U);
}

TEST(Selection, CountsFromOne) {
  Selection selection(12, 0);
  EXPECT_EQ(selection.by_number("1"), 0U);
  EXPECT_EQ(selection.by_number("12"), 11U);
  for (const char* bad : {"", "0", "13", "x", "1x", "-1", "99999999999999999999999"}) {
    EXPECT_EQ(selection.by_number(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace ashlar
