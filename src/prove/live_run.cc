#include "prove/live_run.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "format/words.h"
#include "prove/live/line.h"

namespace ashlar::prove {
namespace {

constexpr std::string_view kAttempt = "attack: ";
constexpr std::string_view kRecord = "record: ";
constexpr std::string_view kSentence = "sentence: ";
constexpr std::string_view kEnd = "end: ";
constexpr std::size_t kLongestName = 15;  // of a process, as the kernel keeps it

// The text up to `end`, which is taken away with it; nullopt when it is not there.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view end) {
  std::size_t at = text.find(end);
  if (at == text.npos) return std::nullopt;
  std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return taken;
}

std::optional<Attempt::End> end_of(std::string_view word) {
  using enum Attempt::End;
  constexpr std::array<std::pair<std::string_view, Attempt::End>, 4> kWords = {
      {{"done", done}, {"refused", refused}, {"broken", broken}, {"killed", killed}}};
  for (const auto& [name, end] : kWords) {
    if (word == name) return end;
  }
  return std::nullopt;
}

// "12,13,20-31"
std::vector<unsigned> numbers_in(std::string_view list) {
  constexpr unsigned kLongestRange = 4096;
  std::vector<unsigned> numbers;
  while (!list.empty()) {
    std::size_t end = std::min(list.find(','), list.size());
    std::string_view word = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    std::size_t dash = std::min(word.find('-'), word.size());
    Result<unsigned> first = parse_number<unsigned>(word.substr(0, dash));
    Result<unsigned> last = dash < word.size() ? parse_number<unsigned>(word.substr(dash + 1)) : first;
    if (!first || !last || *last - *first > kLongestRange) continue;
    for (unsigned number = *first; number <= *last; ++number) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

std::optional<Attempt> parse_attempt(std::string_view line) {
  if (!line.starts_with(kAttempt)) return std::nullopt;
  line.remove_prefix(kAttempt.size());
  auto attack = take_until(line, " in ");
  auto place = take_until(line, ": ");
  auto end = take_until(line, " ");
  auto error = take_until(line, " pids=");
  auto processes = take_until(line, " ");
  if (!attack || !place || !end || !error || !processes) return std::nullopt;
  std::optional<Attempt::End> known = end_of(*end);
  if (!known) return std::nullopt;
  Attempt attempt;
  attempt.attack = *attack;
  attempt.place = *place;
  attempt.end = *known;
  if (*error != "-") attempt.error = *error;
  attempt.processes = numbers_in(*processes);
  attempt.step = line;
  return attempt;
}

std::string in_words(const Attempt& attempt) {
  const std::string with = attempt.error.empty() ? "" : ", " + attempt.error;
  switch (attempt.end) {
    case Attempt::End::done:
      return "it succeeded";
    case Attempt::End::refused:
      return "refused at " + attempt.step + with;
    case Attempt::End::broken:
      return "could not be tried: " + attempt.step + with;
    case Attempt::End::killed:
      return "the attacker was ended" + with;
  }
  return {};
}

void LiveRun::take(std::string_view console) {
  while (!console.empty()) {
    std::size_t end = std::min(console.find('\n'), console.size());
    std::string_view line = console.substr(0, end);
    console.remove_prefix(std::min(end + 1, console.size()));
    while (line.ends_with('\r')) line.remove_suffix(1);
    std::optional<std::string_view> text = live::without_sum(line);
    if (!text) continue;
    if (text->starts_with(kEnd)) {
      std::from_chars(text->data() + kEnd.size(), text->data() + text->size(), announced_);
    } else if (lines_.insert(std::string(*text)).second) {
      if (text->starts_with(kRecord)) records.emplace_back(text->substr(kRecord.size()));
      if (text->starts_with(kSentence)) sentences.emplace_back(text->substr(kSentence.size()));
      std::optional<Attempt> attempt = parse_attempt(*text);
      if (attempt) attempts.insert_or_assign({attempt->place, attempt->attack}, *attempt);
    }
  }
}

void LiveRun::add(LiveRun part) {
  attempts.merge(part.attempts);
  records.insert(records.end(), part.records.begin(), part.records.end());
  sentences.insert(sentences.end(), part.sentences.begin(), part.sentences.end());
}

const Attempt* LiveRun::find(std::string_view place, std::string_view attack) const {
  auto found = attempts.find({std::string(place), std::string(attack)});
  return found == attempts.end() ? nullptr : &found->second;
}

std::vector<Witness> witnesses_of(const LiveRun& run, const Attempt& attempt) {
  std::vector<Witness> witnesses;
  for (const std::string& record : run.records) {
    std::optional<Denial> denial = parse_denial(record);
    if (!denial || !denial->enforced) continue;
    bool by_process =
        denial->process != 0 && std::ranges::find(attempt.processes, denial->process) != attempt.processes.end();
    bool by_name =
        denial->process == 0 && !denial->program.empty() && denial->program == attempt.attack.substr(0, kLongestName);
    if (by_process || by_name) witnesses.push_back({*denial, record});
  }
  return witnesses;
}

}  // namespace ashlar::prove
