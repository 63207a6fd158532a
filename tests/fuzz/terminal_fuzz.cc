// The serial line of the prompt: whatever comes, the answer is UTF-8 without control characters and of its length.
#include "data/line_editor.h"
#include "data/terminal_decoder.h"
#include "fuzz.h"
#include "sys/canvas.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TerminalDecoder decoder;
  LineEditor editor = LineEditor::create().value();
  KeySink sink = [&](const KeyPress& press) {
    LineEditor::Outcome outcome = editor.press(press);
    fuzz::require((outcome == LineEditor::Outcome::refused) != editor.refusal().empty());
  };
  for (std::size_t i = 0; i < size; ++i) {
    // 0xff is in no UTF-8: it stands for a pause here.
    if (data[i] == 0xff) {
      decoder.pause(sink);
      fuzz::require(!decoder.waiting());
    } else {
      decoder.feed(data[i], sink);
    }
  }
  fuzz::require(editor.text().size() <= kLongestAnswer);
  std::size_t characters = 0;
  for (std::string_view rest = editor.text(); !rest.empty(); ++characters) {
    char32_t character = take_character(rest);
    fuzz::require(character >= 0x20 && character != kReplacement && (character < 0x7f || character >= 0xa0));
  }
  fuzz::require(characters == editor.characters());
  std::size_t length = editor.text().size();
  fuzz::require(editor.take().value().bytes().size() == length && editor.text().empty());
  return 0;
}
