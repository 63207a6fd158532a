#include "vm/serial.h"

#include <utility>

namespace ashlar::vm {
namespace {

// A console that nobody reads keeps its newest text only.
constexpr std::size_t kMostUntaken = std::size_t{4} << 20;
constexpr std::size_t kMostRecent = std::size_t{16} << 10;

}  // namespace

void SerialText::put(char c) {
  untaken_ += c;
  recent_ += c;
}

void SerialText::feed(std::string_view bytes) {
  constexpr char kEscape = '\x1b';
  for (char c : bytes) {
    if (c == kEscape) {
      escape_ = Escape::start;
      continue;
    }
    switch (escape_) {
      case Escape::start:
        escape_ = c == '[' ? Escape::sequence : c == ']' ? Escape::string : Escape::none;
        continue;
      case Escape::sequence:  // ECMA-48, 5.4: ends at a byte from 0x40 to 0x7e
        if (c < 0x40 || c > 0x7e) continue;
        escape_ = Escape::none;
        // Moving the cursor elsewhere ends a line as much as a line feed does.
        if ((c == 'H' || c == 'f' || c == 'J') && !untaken_.empty() && untaken_.back() != '\n') put('\n');
        continue;
      case Escape::string:  // a title, ends at BEL or at the next escape
        if (c == '\a') escape_ = Escape::none;
        continue;
      case Escape::none:
        break;
    }
    if (c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= ' ') put(c);
  }
  if (untaken().size() > kMostUntaken) taken_ = untaken_.size() - kMostUntaken;
  if (taken_ > untaken_.size() / 2) untaken_.erase(0, std::exchange(taken_, 0));
  if (recent_.size() > 2 * kMostRecent) recent_.erase(0, recent_.size() - kMostRecent);
}

std::optional<std::string> SerialText::take_line() {
  std::size_t end = untaken().find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line(untaken().substr(0, end));
  taken_ += end + 1;
  return line;
}

std::optional<std::string> SerialText::take_through(std::string_view text) {
  std::size_t at = untaken().find(text);
  if (at == std::string::npos) return std::nullopt;
  std::string taken(untaken().substr(0, at + text.size()));
  taken_ += taken.size();
  return taken;
}

std::string SerialText::unfinished_line() const {
  std::size_t end = untaken().rfind('\n');
  return std::string(untaken().substr(end == std::string::npos ? 0 : end + 1));
}

std::string SerialText::last_lines(std::size_t count) const {
  std::size_t end = recent_.find_last_not_of('\n');
  if (end == std::string::npos) return {};
  std::size_t start = end + 1;
  while (count-- > 0 && start > 0) {
    std::size_t newline = start >= 2 ? recent_.rfind('\n', start - 2) : std::string::npos;
    start = newline == std::string::npos ? 0 : newline + 1;
  }
  return recent_.substr(start, end + 1 - start);
}

}  // namespace ashlar::vm
