// A line on a serial console that may lose or double characters: behind the text stands a sum of it.
//     attack: exec.tmp in session: refused EACCES pids=12,13 execve #5f0c2a91
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar::live {

// FNV-1a: against accidents, not against anybody.
constexpr std::uint32_t sum_of(std::string_view text) {
  std::uint32_t sum = 2166136261U;
  for (char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 16777619U;
  return sum;
}

inline std::string with_sum(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string line(text);
  line += " #";
  for (int shift = 28; shift >= 0; shift -= 4) line += kDigits[sum_of(text) >> shift & 0xf];
  return line;
}

// The text, when the sum is its own.
inline std::optional<std::string_view> without_sum(std::string_view line) {
  constexpr std::size_t kSum = 10;  // " #" and eight digits
  if (line.size() < kSum) return std::nullopt;
  std::string_view text = line.substr(0, line.size() - kSum);
  if (with_sum(text) != line) return std::nullopt;
  return text;
}

}  // namespace ashlar::live
