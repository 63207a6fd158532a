// Byte ranges, on-disk integers with their byte order in the type, and a reader that cannot run past its end.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace ashlar {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
void append(Bytes& to, ByteView bytes);  // not inline: g++ 12 sees an overflow in it where there is none

// The bytes of a trivially copyable structure made of explicit-endian members.
template <typename T>
ByteView bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

// An unsigned integer stored in the given byte order without alignment, as formats on disk have it.
template <std::unsigned_integral T, std::endian Order>
class Stored {
 public:
  constexpr Stored() = default;
  constexpr Stored(T value) { *this = value; }  // NOLINT(google-explicit-constructor): assigns like an integer
  constexpr Stored& operator=(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      raw_[Order == std::endian::little ? i : sizeof(T) - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return *this;
  }
  constexpr operator T() const {  // NOLINT(google-explicit-constructor): reads like an integer
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value |= static_cast<T>(static_cast<T>(raw_[Order == std::endian::little ? i : sizeof(T) - 1 - i]) << (8 * i));
    }
    return value;
  }

 private:
  std::array<std::uint8_t, sizeof(T)> raw_{};
};
using Le16 = Stored<std::uint16_t, std::endian::little>;
using Le32 = Stored<std::uint32_t, std::endian::little>;
using Le64 = Stored<std::uint64_t, std::endian::little>;
using Be16 = Stored<std::uint16_t, std::endian::big>;
using Be32 = Stored<std::uint32_t, std::endian::big>;
using Be64 = Stored<std::uint64_t, std::endian::big>;

// Sizes that come from input: nullopt instead of wrapping round.
template <std::unsigned_integral T>
std::optional<T> checked_add(T a, T b) {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}
template <std::unsigned_integral T>
std::optional<T> checked_mul(T a, T b) {
  T product{};
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}
template <std::unsigned_integral T>
constexpr T round_up(T value, T unit) {
  return (value + unit - 1) / unit * unit;
}

// `size` bytes of `whole` from `offset`; an error that names `what` when they are not all there.
Result<ByteView> slice(ByteView whole, std::uint64_t offset, std::uint64_t size, std::string_view what);

// Reads structures off the front of a view. Every step is checked against what is left.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  Result<ByteView> take(std::uint64_t size, std::string_view what);

  template <typename T>
    requires std::is_trivially_copyable_v<T>
  Result<T> read(std::string_view what) {
    ByteView raw = TRY(take(sizeof(T), what));
    T value;
    std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }

 private:
  ByteView rest_;
};

// Lower-case hexadecimal and back. from_hex refuses odd lengths and anything that is not a digit.
std::string to_hex(ByteView bytes);
Result<Bytes> from_hex(std::string_view hex);

}  // namespace ashlar
