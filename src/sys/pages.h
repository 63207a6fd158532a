// What a person sees when no compositor runs: a page of a few labelled lines. Pages are data; draw() is a pure function
// of the page, the font and the size of the screen.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/canvas.h"

namespace ashlar {

enum class Tone { plain, faint, notice, failure };

struct PageLine {
  std::string label;
  std::vector<std::string> text;  // one entry a row; a row too long for the screen is broken at a space
  Tone tone = Tone::plain;
};

// A line a person types into.
struct PageField {
  std::string label;
  std::string_view text;     // where it is typed into, in locked memory: drawn from there, never copied
  bool as_dots = false;      // one for each character
  std::size_t expected = 0;  // characters, where they are known and many: the box gets the rows for them
};

// A list one entry is taken of.
struct PageChoice {
  std::string label;
  std::vector<std::string> options;
  std::size_t selected = 0;
};

// A QR code: a square of modules, row by row, one byte each, 1 is dark. In locked memory: drawn from there, never
// copied. Its quiet zone is not part of it.
struct QrModules {
  std::span<const std::uint8_t> dark;
  unsigned side = 0;  // modules; 0: there is no code
};

struct Page {
  std::string title;     // "Ashlar"
  std::string subtitle;  // "0.1.0", "0.1.0 DEV"
  std::string heading;   // what the machine is doing, in a few words
  Tone heading_tone = Tone::plain;
  std::vector<PageLine> lines;
  std::string footer;

  // What a question adds, below the lines.
  std::string_view written_down;  // groups to be copied by hand, in locked memory: drawn from there, never copied
  QrModules qr_code;              // the same for a camera; left out where there is no room for all of the page
  std::string remark;             // why it is asked again
  std::optional<PageField> field;
  std::optional<PageChoice> choice;
  std::string hint;  // below the field; its row is always kept free, so that nothing moves
  Tone hint_tone = Tone::faint;
};

// In page_drawing.cc.
void draw(const Page& page, const PsfFont& font, Canvas& canvas);

// What became of /data in this start.
enum class DataState {
  none,  // the image has no program to open it
  open,
  open_without_home,  // by the recovery key alone: there is no session
  closed,             // it was not opened
  skipped,            // there is none yet, and a person goes on without
};

// What PID 1 found when it was ready. Every value was read from the running kernel.
struct MachineState {
  std::string version;
  std::string variant;  // "dev" or "release"
  std::optional<std::string>
      verified;                     // root hash of the dm-verity device / is mounted from; nothing: it is not on one
  std::optional<bool> secure_boot;  // nothing: this firmware has no such variable
  std::optional<bool> setup_mode;
  DataState data = DataState::none;  // until the unlocking program has ended
};

// Where PID 1 leaves the ready line for programs of the session.
inline constexpr char kReadyFile[] = "/run/ashlar/ready";
// "ashlar: ready variant=dev version=0.1.0 roothash=<hex> SecureBoot=1 SetupMode=0 root=verity". What is not known is
// "none"; a root that is not on dm-verity is root=unverified.
std::string ready_line(const MachineState& state);
Page ready_page(const MachineState& state);
Page starting_page(std::string_view version, std::string_view variant);
// `what` is a sentence. `seconds` until the machine restarts.
Page failure_page(std::string_view version, std::string_view variant, std::string_view what, int seconds);
Page leaving_page(std::string_view version, std::string_view variant, bool restart);

// "c0ffee..." as groups of four, `per_row` to a row.
std::vector<std::string> grouped(std::string_view hex, std::size_t per_row);

}  // namespace ashlar
