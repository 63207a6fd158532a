#include "vm/console.h"

#include <algorithm>
#include <regex>

#include "base/base64.h"
#include "base/digest.h"

namespace ashlar::vm {
namespace {

// A line without an end that stays as it is for so long is a question.
constexpr Milliseconds kStill(400);

// "Password: ", "Layout [1]: ": what src/data/terminal_console.cc leaves the line with. `line` has no end yet, or one
// that words of the kernel's brought, behind the question.
std::optional<std::string> label_of(const std::string& line) {
  static const std::regex kQuestion(
      "^(DEV ashlar# |([A-Z][A-Za-z0-9 ']*)( \\[[0-9]+\\])?: )(ashlar: .*|\\[ *[0-9]+\\.[0-9]+\\] .*)?$");
  std::smatch found;
  if (!std::regex_match(line, found, kQuestion)) return std::nullopt;
  return found[2].matched ? found[2].str() : kShellPrompt;
}

}  // namespace

std::optional<Bytes> printed_file(std::string_view said) {
  constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  std::string sum;
  std::string text;
  while (!said.empty()) {
    std::size_t end = std::min(said.find('\n'), said.size());
    std::string_view line = said.substr(0, end);
    said.remove_prefix(std::min(end + 1, said.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.ends_with("  -")) {  // sha256sum's name for standard input
      sum = line.substr(0, line.size() - 3);
      text.clear();
    } else if (!sum.empty() && line.find_first_not_of(kBase64) == line.npos) {
      text += line;
    }
  }
  Result<Bytes> content = from_base64(text);
  if (!content || sha256(*content).hex() != sum) return std::nullopt;
  return std::move(*content);
}

bool Asked::says(std::string_view part) const {
  return std::ranges::any_of(lines, [&](const std::string& line) { return line.find(part) != line.npos; });
}

std::optional<unsigned> Asked::option(std::string_view part) const {
  static const std::regex kOption("^  ([0-9]+)  (.*)$");
  for (const std::string& line : lines) {
    std::smatch found;
    if (std::regex_match(line, found, kOption) && found[2].str().find(part) != std::string::npos) {
      return static_cast<unsigned>(std::stoul(found[1]));
    }
  }
  return std::nullopt;
}

std::string Asked::text() const {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all + label;
}

Result<Asked> Console::next_question(Milliseconds limit) {
  Asked asked;
  std::optional<std::string> passed;  // a question that other words came behind
  const unsigned resets = machine_->status().resets;
  for (Deadline deadline = Deadline::after(limit); !deadline.passed();) {
    Result<std::optional<std::string>> line = machine_->next_line(kStill);
    if (!line || machine_->status().resets != resets) {
      if (!line && machine_->status().phase != Phase::ended) return std::unexpected(std::move(line).error());
      return asked;
    }
    if (*line) {
      if (std::optional<std::string> label = label_of(**line); label && !(*line)->ends_with(": ")) passed = label;
      asked.lines.push_back(std::move(**line));
      continue;
    }
    std::string rest = machine_->unfinished_line();
    std::optional<std::string> label = rest.empty() ? passed : label_of(rest);
    if (label) {
      asked.label = *label;
      return asked;
    }
  }
  return fail("nothing is asked; the console says last:\n" + machine_->last_lines(12));
}

Status Console::answer(std::string_view text) { return type_answer(std::string(text) + "\r"); }
Status Console::leave() { return type_answer("\x04"); }

Status Console::forget() {
  if (std::string question = machine_->unfinished_line(); !question.empty()) {
    TRY(machine_->wait_for_text(question, Milliseconds(0)));
  }
  return {};
}

Status Console::type_answer(std::string_view typed) {
  TRY(forget());
  return machine_->type_serial(typed);
}

Status Console::choose(const Asked& asked, std::string_view part) {
  std::optional<unsigned> number = asked.option(part);
  if (!number) return fail("there is no option \"" + std::string(part) + "\" to choose:\n" + asked.text());
  return answer(std::to_string(*number));
}

Result<std::string> Console::run(const std::string& command, Milliseconds limit) {
  TRY(machine_->type_serial(command + "; echo \"<end>\"\n"));
  std::string said = TRY(machine_->wait_for_text("\n<end>", limit));
  TRY(machine_->wait_for_text(kShellPrompt, limit));
  return said;
}

Status Console::write_file(const std::string& path, ByteView content) {
  constexpr std::size_t kLine = 512;
  const std::string text = to_base64(content);
  const std::string part = path + ".part";
  for (std::size_t at = 0; at < text.size(); at += kLine) {
    TRY(run("echo " + text.substr(at, kLine) + (at == 0 ? " >" : " >>") + part));
  }
  TRY(run("base64 -d " + part + " >" + path + "; chmod 644 " + path + "; rm " + part));
  return {};
}

Result<Bytes> Console::read_file(const std::string& path) {
  constexpr unsigned kTries = 5;
  const auto limit = std::chrono::minutes(3);
  std::string said;
  for (unsigned i = 0; i < kTries; ++i) {
    said = TRY(run("sha256sum <" + path + "; base64 -w 76 <" + path, limit));
    if (std::optional<Bytes> content = printed_file(said)) return std::move(*content);
  }
  return fail(path + " does not come through the console: " + said);
}

}  // namespace ashlar::vm
