#include "data/password_quality.h"

#include <zxcvbn.h>

#include <memory>
#include <vector>

#include "base/bytes.h"

namespace ashlar {
namespace {

struct MatchRelease {
  void operator()(ZxcMatch_t* match) const { ZxcvbnFreeInfo(match); }
};

// Bytes of the first `characters` characters of UTF-8.
std::size_t size_of_first(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (std::size_t seen = 0; at < text.size(); ++at) {
    bool starts = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (starts && seen++ == characters) break;
  }
  return at;
}

std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  for (char c : name) {
    if (c == ' ' || c == '-') {
      words.emplace_back();
    } else {
      words.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  std::erase_if(words, [](const std::string& word) { return word.empty(); });
  return words;
}

std::string_view weakness_of(int type) {
  if ((type & MULTIPLE_MATCH) != 0) return "It repeats itself.";
  switch (type) {
    case DICTIONARY_MATCH:
    case DICT_LEET_MATCH:
      return "It is made of a common word.";
    case USER_MATCH:
    case USER_LEET_MATCH:
      return "It is made of your name.";
    case REPEATS_MATCH:
      return "It repeats itself.";
    case SEQUENCE_MATCH:
      return "It follows a sequence, like abc or 123.";
    case SPATIAL_MATCH:
      return "It follows the keys of the keyboard.";
    case DATE_MATCH:
    case YEAR_MATCH:
      return "It is made of a date.";
    default:
      return "";
  }
}

}  // namespace

Result<PasswordStrength> judge_password(const Secret& password, const std::string& name) {
  if (password.bytes().empty()) return PasswordStrength{};
  // zxcvbn wants a zero at the end. What it allocates itself is not wiped; the program ends soon.
  std::size_t size = size_of_first(as_text(password.bytes()), kJudgedCharacters);
  Secret text = TRY(Secret::of_size(size + 1));
  std::ranges::copy(password.bytes().first(size), text.bytes().begin());
  std::vector<std::string> words = words_of(name);
  std::vector<const char*> dictionary;
  for (const std::string& word : words) dictionary.push_back(word.c_str());
  dictionary.push_back(nullptr);

  ZxcMatch_t* matches = nullptr;
  PasswordStrength strength;
  strength.bits = ZxcvbnMatch(reinterpret_cast<const char*>(text.bytes().data()), dictionary.data(), &matches);
  std::unique_ptr<ZxcMatch_t, MatchRelease> owned(matches);
  int longest = 0;
  for (const ZxcMatch_t* match = matches; match != nullptr; match = match->Next) {
    std::string_view weakness = weakness_of(match->Type);
    if (weakness.empty() || match->Length <= longest) continue;
    longest = match->Length;
    strength.weakness = weakness;
  }
  return strength;
}

std::optional<std::string> why_too_weak(const PasswordStrength& strength, double least_bits) {
  if (strength.bits >= least_bits) return std::nullopt;
  if (strength.bits == 0 && strength.weakness.empty()) return "A password, please.";
  return "Too easy to guess. " + (strength.weakness.empty() ? "It is too short." : strength.weakness);
}

std::string words_of_strength(const PasswordStrength& strength, double least_bits) {
  double more = strength.bits - least_bits;
  return more < 0 ? "too weak" : more < 10 ? "fair" : more < 25 ? "good" : "very good";
}

}  // namespace ashlar
