// SHA-256 as a value that is not mistaken for other bytes.
#pragma once

#include <array>
#include <compare>
#include <memory>

#include "base/bytes.h"

namespace ashlar {

struct Sha256Digest {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const Sha256Digest&) const = default;
  [[nodiscard]] std::string hex() const { return to_hex(bytes); }
};

Result<Sha256Digest> parse_sha256(std::string_view hex);

// A SHA-256 (FIPS 180-4) computed piece by piece.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(ByteView bytes);
  Sha256& update(std::string_view text) { return update(as_bytes(text)); }
  Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest sha256(ByteView bytes);
inline Sha256Digest sha256(std::string_view text) { return sha256(as_bytes(text)); }

}  // namespace ashlar
