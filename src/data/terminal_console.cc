#include "data/terminal_console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "data/printable.h"
#include "data/selection.h"
#include "sys/release.h"

namespace ashlar {
namespace {

constexpr int kWriteTime = 2000;  // milliseconds a terminal may refuse what is written to it

constexpr std::string_view kBell = "\a";
constexpr std::string_view kStartOfLine = "\r\x1b[K";  // and what stands there is erased

}  // namespace

Result<TerminalConsole> TerminalConsole::open(const fs::path& terminal) {
  Fd line = TRY(open_file(terminal, O_RDWR | O_NOCTTY | O_NONBLOCK));
  termios before{};
  if (::tcgetattr(line.get(), &before) != 0) return fail_errno("read the settings of " + terminal.string());
  termios raw = before;
  ::cfmakeraw(&raw);
  raw.c_cflag |= CLOCAL;  // no modem
  raw.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS);
  if (::tcsetattr(line.get(), TCSANOW, &raw) != 0) return fail_errno("set up " + terminal.string());
  return TerminalConsole(std::move(line), before);
}

TerminalConsole::~TerminalConsole() {
  if (line_.valid()) ::tcsetattr(line_.get(), TCSANOW, &before_);
}

void TerminalConsole::show(const Notice& notice) {
  print_line("");
  print_line("Ashlar " + std::string(kVersion) + ": " + notice.heading);
  for (const PageLine& line : notice.lines) {
    std::string_view label = line.label;
    for (const std::string& text : line.text) {
      if (text.empty()) continue;
      print_line(label.empty() ? text : std::string(label) + ": " + text);
      label = {};
    }
  }
  if (!notice.written_down.empty()) {
    print("\r\n    ");
    print(notice.written_down);  // from locked memory, uncopied
    print("\r\n\r\n");
  }
}

Status TerminalConsole::begin(const Asked& asked) {
  failure_ = {};
  editor_ = TRY(LineEditor::create());
  selected_ = asked.preselected;
  asked_.emplace(asked);
  answered_ = Answered::not_yet;
  ::tcflush(line_.get(), TCIFLUSH);
  show(asked.question.notice);
  for (std::size_t i = 0; i < asked.options.size(); ++i) {
    print_line("  " + std::to_string(i + 1) + "  " + asked.options[i]);
  }
  if (!asked.question.cancel.empty()) print_line("(Ctrl-D: " + asked.question.cancel + ")");
  if (!asked.question.remark.empty()) print_line(asked.question.remark);
  print_prompt();
  return std::exchange(failure_, {});
}

void TerminalConsole::print_prompt() {
  print(printable(asked_->question.label));
  if (!asked_->options.empty()) print(" [" + std::to_string(selected_ + 1) + "]");
  print(": ");
}

void TerminalConsole::add_descriptors(std::vector<pollfd>& descriptors) const {
  descriptors.push_back({line_.get(), POLLIN, 0});
}

int TerminalConsole::patience() const { return decoder_.waiting() ? TerminalDecoder::kEscapeTime : -1; }

Result<Answered> TerminalConsole::advance() {
  using std::chrono::steady_clock;
  const KeySink sink = [this](const KeyPress& key) { press(key); };
  for (;;) {
    std::uint8_t byte = 0;
    ssize_t got = ::read(line_.get(), &byte, 1);
    if (got == 0) return fail("the terminal was hung up");
    if (got < 0 && errno == EAGAIN) break;
    if (got < 0 && errno != EINTR) return fail_errno("read the terminal");
    if (got < 0) continue;
    last_byte_ = steady_clock::now();
    decoder_.feed(byte, sink);
    if (answered_ != Answered::not_yet) break;  // the next question drops what follows
  }
  if (decoder_.waiting() && steady_clock::now() - last_byte_ >= std::chrono::milliseconds(TerminalDecoder::kEscapeTime))
    decoder_.pause(sink);
  if (!failure_) return std::unexpected(std::exchange(failure_, {}).error());
  return answered_;
}

void TerminalConsole::press(const KeyPress& press) {
  const std::size_t before = editor_->text().size();
  const bool visible = asked_->echo == Echo::text || !asked_->options.empty();
  switch (editor_->press(press)) {
    case LineEditor::Outcome::unchanged:
      return;
    case LineEditor::Outcome::refused:
      print(kBell);
      return;
    case LineEditor::Outcome::changed:
      if (!visible) return;
      if (editor_->text().size() > before) {
        print(editor_->text().substr(before));
      } else {
        print(kStartOfLine);
        print_prompt();
        print(editor_->text());
      }
      return;
    case LineEditor::Outcome::entered:
      print("\r\n");
      enter();
      return;
    case LineEditor::Outcome::cancelled:
      if (asked_->question.cancel.empty()) return print(kBell);
      print("\r\n");
      answered_ = Answered::cancelled;
      return;
  }
}

void TerminalConsole::enter() {
  if (asked_->options.empty() || editor_->text().empty()) {
    answered_ = Answered::entered;
    return;
  }
  Selection selection(asked_->options.size(), selected_);
  std::optional<std::size_t> chosen = selection.by_number(editor_->text());
  editor_->press({Key::clear});
  if (!chosen) {
    print_line("A number from 1 to " + std::to_string(asked_->options.size()) + ", please.");
    return print_prompt();
  }
  selected_ = *chosen;
  answered_ = Answered::entered;
}

void TerminalConsole::end(bool elsewhere) {
  if (elsewhere) print("\r\n(answered elsewhere)\r\n");
  asked_.reset();
  editor_.reset();
}

void TerminalConsole::print_line(std::string_view text) {
  print(printable(text));
  print("\r\n");
}

void TerminalConsole::print(std::string_view text) {
  while (!text.empty() && failure_) {
    ssize_t written = ::write(line_.get(), text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    pollfd ready{line_.get(), POLLOUT, 0};
    if (errno == EINTR || (errno == EAGAIN && ::poll(&ready, 1, kWriteTime) > 0)) continue;
    failure_ = fail_errno("write to the terminal");
  }
}

}  // namespace ashlar
