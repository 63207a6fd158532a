#include <gtest/gtest.h>

#include <algorithm>

#include "sys/pages.h"
#include "sys/test_font.h"

namespace ashlar {
namespace {

constexpr Colour kInk{0xabcdef};

struct Paper {
  Paper(unsigned width, unsigned height, unsigned stride)
      : pixels(static_cast<std::size_t>(stride) * height), canvas(pixels, width, height, stride) {}

  // The character whose glyph stands at this place, as its first row tells; 0 for none.
  [[nodiscard]] char at(unsigned x, unsigned y, unsigned scale, std::uint32_t background) const {
    unsigned code = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
      code =
          code << 1 | (pixels[static_cast<std::size_t>(y) * canvas.width() + x + bit * scale] != background ? 1U : 0U);
    }
    return static_cast<char>(code);
  }

  std::vector<std::uint32_t> pixels;
  Canvas canvas;
};

TEST(Canvas, DrawsEachPixelOfTheFontAsASquare) {
  Paper paper(32, 8, 40);
  EXPECT_EQ(paper.canvas.text(0, 0, "A", test_font(), 2, kInk), 16U);  // 'A' is 0100'0001
  for (unsigned y = 0; y < 8; ++y) {
    for (unsigned x = 0; x < 40; ++x) {
      bool set = y < 2 && (x / 2 == 1 || x / 2 == 7);
      EXPECT_EQ(paper.pixels[y * 40 + x], set ? kInk.xrgb : 0U) << x << "," << y;
    }
  }
}

TEST(Canvas, ClipsAtEveryEdgeAndNeverTouchesThePadding) {
  Paper paper(10, 5, 16);
  paper.canvas.fill(8, 3, 100, 100, kInk);
  paper.canvas.fill(~0U, 0, 4, 4, kInk);
  paper.canvas.fill(0, ~0U, 4, 4, kInk);
  paper.canvas.fill(9, 0, ~0U, 1, kInk);
  EXPECT_EQ(std::ranges::count(paper.pixels, kInk.xrgb), 2 * 2 + 1);
  paper.canvas.text(4, 3, "~~~~~~~~", test_font(), 3, kInk);
  for (unsigned y = 0; y < 5; ++y) {
    for (unsigned x = 10; x < 16; ++x) EXPECT_EQ(paper.pixels[y * 16 + x], 0U);
  }
}

TEST(Canvas, BelievesTheBufferAndNotTheNumbers) {
  std::vector<std::uint32_t> pixels(10 * 3);
  Canvas canvas(pixels, 20, 100, 10);
  EXPECT_EQ(canvas.width(), 10U);
  EXPECT_EQ(canvas.height(), 3U);
  EXPECT_EQ(Canvas(pixels, 5, 5, 0).height(), 0U);
}

TEST(Canvas, DrawsAQuestionMarkForWhatTheFontLacks) {
  Paper paper(32, 4, 32);
  paper.canvas.text(0, 0, "\xc3\xa4z", test_font(), 1, kInk);
  EXPECT_EQ(paper.at(0, 0, 1, 0), '?');
  EXPECT_EQ(paper.at(8, 0, 1, 0), 'z');
}

TEST(Utf8, RefusesWhatIsNoCharacter) {
  EXPECT_EQ(decode_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), U"a\u00e4\u20ac\U0001f600");
  for (const char* bad : {"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff"}) {
    EXPECT_EQ(decode_utf8(bad).front(), U'\ufffd') << bad;
  }
  EXPECT_EQ(decode_utf8("\xe2\x82z"), U"\ufffdz");
}

// Every text of a page of this size that stands on a line of its own, read back from the pixels.
std::string read_back(const Page& page, unsigned width, unsigned height) {
  Paper paper(width, height, width);
  draw(page, test_font(), paper.canvas);
  std::uint32_t background = paper.pixels.empty() ? 0 : paper.pixels[0];
  std::string text;
  for (unsigned y = 0; y < height; ++y) {
    std::string row;
    for (unsigned x = width / 10; x + 8 <= width; x += 8) {
      char c = paper.at(x, y, 1, background);
      row += c >= ' ' && c < 127 ? c : ' ';
    }
    while (row.ends_with(' ')) row.pop_back();
    if (!row.empty()) text += row + "\n";
  }
  return text;
}

MachineState sound_state() {
  return {.version = "1.2.3",
          .variant = "release",
          .verified = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
          .secure_boot = true,
          .setup_mode = false};
}

TEST(ReadyLine, TellsTheTruth) {
  MachineState state = sound_state();
  EXPECT_EQ(ready_line(state),
            "ashlar: ready variant=release version=1.2.3 "
            "roothash=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef "
            "SecureBoot=1 SetupMode=0 root=verity");
  state = {.version = "1.2.3", .variant = "dev", .verified = {}, .secure_boot = false, .setup_mode = {}};
  EXPECT_EQ(ready_line(state),
            "ashlar: ready variant=dev version=1.2.3 roothash=none SecureBoot=0 SetupMode=none root=unverified");
}

TEST(ReadyPage, ShowsWhatAPersonChecks) {
  std::string text = read_back(ready_page(sound_state()), 800, 200);
  for (const char* line : {"Ready\n", "Secure Boot  on\n", "Root hash    0123 4567 89ab cdef\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "is not in:\n" << text;
  }
}

TEST(ReadyPage, SaysPlainlyAndInColourWhatIsMissing) {
  MachineState state = sound_state();
  auto failures = [](const Page& page) { return std::ranges::count(page.lines, Tone::failure, &PageLine::tone); };
  EXPECT_EQ(failures(ready_page(state)), 0);
  state.secure_boot = false;
  EXPECT_EQ(failures(ready_page(state)), 1);
  state.verified.reset();
  EXPECT_EQ(failures(ready_page(state)), 2);
  EXPECT_NE(read_back(ready_page(state), 800, 200).find("not verified"), std::string::npos);
}

TEST(FailurePage, BreaksALongSentenceAtSpaces) {
  Page page = failure_page("1", "dev", "one two three four five six seven eight nine ten", 7);
  std::string text = read_back(page, 160, 200);
  EXPECT_NE(text.find("One two three\nfour five six\nseven eight nine\nten\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Restarts in 7 s"), std::string::npos) << text;
}

TEST(Pages, FitIntoAnyScreen) {
  for (unsigned size : {0U, 1U, 7U, 8U, 40U, 333U}) read_back(ready_page(sound_state()), size, size);
}

TEST(Grouped, PutsFourDigitsTogether) {
  EXPECT_EQ(grouped("0123456789", 2), (std::vector<std::string>{"0123 4567", "89"}));
  EXPECT_TRUE(grouped("", 2).empty());
}

}  // namespace
}  // namespace ashlar
