// What the unlocking program asks and tells a person. The seam its logic is written against: ConsolePrompter does it,
// FakePrompter (fake_prompter.h) plays it in the unit tests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "sys/pages.h"

namespace ashlar {

// Labels of the questions. On a terminal ": " follows, and what tests wait for is exactly that.
inline constexpr char kPasswordLabel[] = "Password";
inline constexpr char kNewPasswordLabel[] = "New password";
inline constexpr char kAgainLabel[] = "Again";
inline constexpr char kRecoveryKeyLabel[] = "Recovery key";
inline constexpr char kNameLabel[] = "Name";
// Of every menu, and what most of them offer last.
inline constexpr char kMenuLabel[] = "What to do";
inline constexpr char kMenuRestart[] = "Restart";
inline constexpr char kMenuTurnOff[] = "Turn off";

// What stands there to be read.
struct Notice {
  std::string heading;          // in a few words: "Unlock this machine"
  Tone tone = Tone::plain;      // the heading's
  std::vector<PageLine> lines;  // explaining, one sentence or a labelled fact each
  // Something to write down, in groups that stand between dashes or spaces: in locked memory, which stays valid until
  // the next call. Screen and terminal show it as it is.
  std::string_view written_down;
  // The same as a QR code (qr_code.h), under the same rule. Large enough screens show it, terminals do not: from them
  // text is copied, and what they would make of block characters is not known.
  QrModules qr_code;
};

struct Question {
  Notice notice;
  std::string label;   // of the field, without a colon
  std::string remark;  // why it is asked again: "Wrong password. 9 tries left."
  std::string cancel;  // what leaving the question means: "Use the recovery key". Empty: it cannot be left
  // Characters the answer will have, where it is known and long: room is made for it.
  std::size_t expected_characters = 0;
};

enum class Echo {
  dots,  // a password: one dot for each character on the screen, nothing on a terminal
  text,  // a name, a recovery key
};

class Prompter {
 public:
  virtual ~Prompter() = default;

  // Puts a notice on every console and goes on; it stands there until the next call. To be called after the last
  // answer too, so that nothing typed stays visible.
  virtual void show(const Notice& notice) = 0;
  // The answer: UTF-8 without control characters, at most 1024 bytes (kLongestAnswer), perhaps empty. nullopt: the
  // person left the question with Esc or Ctrl-D. What was typed before the question is not taken as an answer.
  virtual Result<std::optional<Secret>> ask(const Question& question, Echo echo) = 0;
  // The index of one of `options`, which are not empty. nullopt as above.
  virtual Result<std::optional<std::size_t>> choose(const Question& question, const std::vector<std::string>& options,
                                                    std::size_t preselected) = 0;
  // A layout of the X keyboard database ("us", "de(nodeadkeys)"), from the next question on.
  virtual Status use_keyboard_layout(const std::string& name) = 0;
};

}  // namespace ashlar
