#include "base/guid.h"

namespace ashlar {
namespace {

// Where byte i of the registry form is stored.
constexpr std::array<std::size_t, 16> kStoredAt = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

}  // namespace

std::string Guid::text() const {
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += to_hex(ByteView(raw).subspan(kStoredAt[i], 1));
  }
  return out;
}

Guid guid_from_big_endian(std::span<const std::uint8_t, 16> bytes) {
  Guid guid;
  for (std::size_t i = 0; i < bytes.size(); ++i) guid.raw[kStoredAt[i]] = bytes[i];
  return guid;
}

Result<Guid> parse_guid(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool hyphen_place = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen_place != (text[i] == '-')) return fail("not a GUID: " + std::string(text));
    if (!hyphen_place) digits += text[i];
  }
  Result<Bytes> bytes = from_hex(digits);
  if (!bytes || bytes->size() != 16) return fail("not a GUID: " + std::string(text));
  return guid_from_big_endian(std::span<const std::uint8_t, 16>(*bytes));
}

}  // namespace ashlar
