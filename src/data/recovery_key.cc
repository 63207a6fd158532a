#include "data/recovery_key.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/random.h"

namespace ashlar {
namespace {

constexpr std::string_view kAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
static_assert(kAlphabet.size() == 32);
constexpr std::size_t kDataCharacters = kRecoveryGroupSize - 1;
constexpr std::size_t kKeySize = 32;  // bytes
constexpr std::size_t kKeyBits = 8 * kKeySize;

// GF(32) with x^5 + x^2 + 1: times x.
constexpr unsigned times_x(unsigned value) {
  value <<= 1;
  return (value & 32U) != 0 ? value ^ 0b100101U : value;
}

// Each position has a weight of its own (x, x^2, ...; the check character 1), so a wrong character and a swap of two
// different ones both change the sum.
unsigned check_of(std::span<const unsigned, kDataCharacters> data, std::size_t group) {
  unsigned sum = static_cast<unsigned>(group);
  for (std::size_t i = 0; i < kDataCharacters; ++i) {
    unsigned weighted = data[i];
    for (std::size_t power = 0; power <= i; ++power) weighted = times_x(weighted);
    sum ^= weighted;
  }
  return sum;
}

// The 5 bits of the key from bit `at` on; zeros behind its end.
unsigned bits_of(std::span<const std::uint8_t> key, std::size_t at) {
  unsigned value = 0;
  for (std::size_t bit = at; bit < at + 5; ++bit) {
    value = value << 1 | (bit < kKeyBits ? static_cast<unsigned>(key[bit / 8] >> (7 - bit % 8)) & 1U : 0U);
  }
  return value;
}

// 32 for what is not of the alphabet.
unsigned value_of(std::uint8_t character) {
  if (character >= 'a' && character <= 'z') character = static_cast<std::uint8_t>(character - 'a' + 'A');
  std::size_t found = kAlphabet.find(static_cast<char>(character));
  return found == std::string_view::npos ? 32U : static_cast<unsigned>(found);
}

bool separates(std::uint8_t character) {
  return character == '-' || character == ' ' || character == '\n' || character == '\t' || character == '\r';
}

// Groups as they were typed. Where the separators do not make 13 of them, they are ignored: five characters a group.
// The characters lie in the secret still; what is here are positions.
using Positions = std::vector<std::vector<std::size_t>>;
Positions groups_of(std::span<const std::uint8_t> text) {
  Positions as_typed(1);
  Positions by_five(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (separates(text[i])) {
      if (!as_typed.back().empty()) as_typed.emplace_back();
      continue;
    }
    as_typed.back().push_back(i);
    if (by_five.back().size() == kRecoveryGroupSize) by_five.emplace_back();
    by_five.back().push_back(i);
  }
  if (as_typed.back().empty()) as_typed.pop_back();
  return as_typed.size() == kRecoveryGroups ? as_typed : by_five;
}

std::string sentence(const std::vector<std::size_t>& wrong) {
  std::string numbers;
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    numbers += (i == 0 ? "" : i + 1 == wrong.size() ? " and " : ", ") + std::to_string(wrong[i]);
  }
  return "the recovery key has a typing error in group" + std::string(wrong.size() == 1 ? " " : "s ") + numbers;
}

}  // namespace

Result<Secret> make_recovery_key() { return random_secret(kKeySize); }

Result<Secret> recovery_text(const Secret& key) {
  if (key.bytes().size() != kKeySize) return fail("a recovery key has 32 bytes");
  Secret text = TRY(Secret::of_size(kRecoveryTextSize));
  std::span<std::uint8_t> out = text.bytes();
  std::ranges::fill(out, std::uint8_t{'-'});
  for (std::size_t group = 0; group < kRecoveryGroups; ++group) {
    std::array<unsigned, kDataCharacters> data{};
    std::size_t at = group * (kRecoveryGroupSize + 1);
    for (std::size_t i = 0; i < kDataCharacters; ++i) {
      data[i] = bits_of(key.bytes(), 5 * (group * kDataCharacters + i));
      out[at + i] = static_cast<std::uint8_t>(kAlphabet[data[i]]);
    }
    out[at + kDataCharacters] = static_cast<std::uint8_t>(kAlphabet[check_of(data, group)]);
    ::explicit_bzero(data.data(), sizeof data);
  }
  return text;
}

Result<Secret> parse_recovery_text(const Secret& text) {
  Positions groups = groups_of(text.bytes());
  Secret key = TRY(Secret::of_size(kKeySize));
  std::vector<std::size_t> wrong;
  for (std::size_t group = 0; group < std::min(groups.size(), kRecoveryGroups); ++group) {
    const std::vector<std::size_t>& positions = groups[group];
    std::array<unsigned, kRecoveryGroupSize> values{};
    bool good = positions.size() == kRecoveryGroupSize;
    for (std::size_t i = 0; good && i < kRecoveryGroupSize; ++i) {
      values[i] = value_of(text.bytes()[positions[i]]);
      good = values[i] < 32;
    }
    good = good && check_of(std::span(values).first<kDataCharacters>(), group) == values[kDataCharacters];
    if (good && group + 1 == kRecoveryGroups) good = (values[kDataCharacters - 1] & 0xfU) == 0;
    if (!good) wrong.push_back(group + 1);
    for (std::size_t i = 0; good && i < kDataCharacters; ++i) {
      for (std::size_t bit = 0; bit < 5; ++bit) {
        std::size_t at = 5 * (group * kDataCharacters + i) + bit;
        if (at < kKeyBits)
          key.bytes()[at / 8] |= static_cast<std::uint8_t>((values[i] >> (4 - bit) & 1U) << (7 - at % 8));
      }
    }
    ::explicit_bzero(values.data(), sizeof values);
  }
  // Groups left out or too many move all that follow: only the first wrong one is sure then.
  if (groups.size() != kRecoveryGroups) {
    std::string count = std::to_string(groups.size()) + " groups were typed, it has " + std::to_string(kRecoveryGroups);
    return fail(wrong.empty() ? "the recovery key is not whole: " + count : sentence({wrong.front()}) + "; " + count);
  }
  if (!wrong.empty()) return fail(sentence(wrong));
  return key;
}

}  // namespace ashlar
