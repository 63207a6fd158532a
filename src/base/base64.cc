#include "base/base64.h"

#include <algorithm>

namespace ashlar {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The value of each character, -1 for those that are not in the alphabet.
constexpr std::array<std::int8_t, 256> kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

}  // namespace

std::string to_base64(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::size_t there = std::min<std::size_t>(bytes.size() - i, 3);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < there ? bytes[i + j] : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += j <= there ? kAlphabet[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail("not base64: " + std::to_string(text.size()) + " characters");
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool is_padding = i >= text.size() - padding;
    int value = is_padding ? 0 : kValues[static_cast<unsigned char>(text[i])];
    if (value < 0) return fail("not base64: character " + std::to_string(i));
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (i % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(group >> shift));
    group = 0;
  }
  // What the padding stands for was decoded as zeros; so must be the bits beside it.
  for (std::size_t i = 0; i < padding; ++i) {
    if (bytes.back() != 0) return fail("not base64: the last character stands for more than there is");
    bytes.pop_back();
  }
  return bytes;
}

}  // namespace ashlar
