#include "image/cil.h"

#include <fmt/format.h>

namespace ashlar::image {
namespace {

constexpr std::size_t kDeepest = 64;

class Reader {
 public:
  Reader(std::string_view text, std::string_view file) : left_(text), file_(file) {}

  Result<std::vector<CilNode>> statements() {
    std::vector<CilNode> open(1);  // the file itself, and in it the lists that are not closed yet
    for (skip_space(); !left_.empty(); skip_space()) {
      if (take('(')) {
        if (open.size() > kDeepest) return wrong(line_, "lists in lists without end");
        open.push_back({.line = line_});
        continue;
      }
      if (take(')')) {
        if (open.size() == 1) return wrong(line_, "')' closes nothing");
        CilNode closed = std::move(open.back());
        open.pop_back();
        open.back().list.push_back(std::move(closed));
        continue;
      }
      if (open.size() == 1) return wrong(line_, "a statement begins with '('");
      open.back().list.push_back(TRY(word()));
    }
    if (open.size() > 1) return wrong(open.back().line, "'(' is never closed");
    return std::move(open.front().list);
  }

 private:
  void skip_space() {
    while (!left_.empty()) {
      char c = left_.front();
      if (c == ';') {
        left_.remove_prefix(std::min(left_.find('\n'), left_.size()));
        continue;
      }
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
      if (c == '\n') ++line_;
      left_.remove_prefix(1);
    }
  }
  bool take(char c) {
    if (left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  Result<CilNode> word() {
    if (take('"')) {
      std::size_t end = left_.find_first_of("\"\n");
      if (end == left_.npos || left_[end] == '\n') return wrong(line_, "a '\"' is never closed");
      CilNode quoted{.word = std::string(left_.substr(0, end)), .line = line_};
      left_.remove_prefix(end + 1);
      return quoted;
    }
    std::size_t end = std::min(left_.find_first_of(" \t\r\n();\""), left_.size());
    CilNode plain{.word = std::string(left_.substr(0, end)), .line = line_};
    left_.remove_prefix(end);
    return plain;
  }
  [[nodiscard]] std::unexpected<Error> wrong(unsigned line, std::string_view what) const {
    return fail_misuse(fmt::format("{}:{}: {}", file_, line, what));
  }

  std::string_view left_;
  std::string_view file_;
  unsigned line_ = 1;
};

}  // namespace

std::string_view CilNode::at(std::size_t place) const {
  return place < list.size() ? std::string_view(list[place].word) : std::string_view();
}

Result<std::vector<CilNode>> parse_cil(std::string_view text, std::string_view file) {
  return Reader(text, file).statements();
}

}  // namespace ashlar::image
