// GUIDs as UEFI stores them: the first three fields little-endian (UEFI 2.10, appendix A).
#pragma once

#include <array>
#include <compare>

#include "base/bytes.h"

namespace ashlar {

struct Guid {
  std::array<std::uint8_t, 16> raw{};  // in on-disk order

  auto operator<=>(const Guid&) const = default;
  // Lower-case registry form, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b".
  [[nodiscard]] std::string text() const;
};

// Reads the registry form, upper or lower case.
Result<Guid> parse_guid(std::string_view text);

// The GUID whose registry form shows these 16 bytes in order, as the Discoverable Partitions Specification derives
// partition identifiers from a root hash.
Guid guid_from_big_endian(std::span<const std::uint8_t, 16> bytes);

// For constants: a malformed literal stops the compiler, which cannot evaluate this function (the programs of the image
// are built without exceptions, so the literal cannot throw).
void malformed_guid_literal(const char* why);

consteval Guid operator""_guid(const char* text, std::size_t size) {
  constexpr auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    malformed_guid_literal("a GUID literal has lower-case hexadecimal digits only");
    return 0;
  };
  if (size != 36) malformed_guid_literal("a GUID literal has 36 characters");
  constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  Guid guid;
  std::size_t at = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      if (text[at++] != '-') malformed_guid_literal("a GUID literal has hyphens after 8, 12, 16 and 20 digits");
    }
    unsigned high = digit(text[at++]);
    unsigned low = digit(text[at++]);
    guid.raw[kOrder[i]] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return guid;
}

}  // namespace ashlar
