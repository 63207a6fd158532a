#include "base/bytes.h"

namespace ashlar {
namespace {

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

Result<ByteView> slice(ByteView whole, std::uint64_t offset, std::uint64_t size, std::string_view what) {
  if (offset > whole.size() || size > whole.size() - offset) {
    return fail(std::string(what) + " lies outside its container: " + std::to_string(size) + " bytes at " +
                std::to_string(offset) + " of " + std::to_string(whole.size()));
  }
  return whole.subspan(offset, size);
}

Result<ByteView> Reader::take(std::uint64_t size, std::string_view what) {
  ByteView taken = TRY(slice(rest_, 0, size, what));
  rest_ = rest_.subspan(size);
  return taken;
}

std::string to_hex(ByteView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (std::uint8_t byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

Result<Bytes> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return fail("hexadecimal text has an odd number of digits: " + std::to_string(hex.size()));
  Bytes bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    int high = hex_value(hex[i]);
    int low = hex_value(hex[i + 1]);
    if (high < 0 || low < 0) return fail("not a hexadecimal digit at position " + std::to_string(i));
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

}  // namespace ashlar
