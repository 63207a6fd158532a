// Memory for keys and passwords: move-only, locked in RAM, left out of core dumps, zeroed before it is given back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace ashlar {

class Secret {
 public:
  // A zeroed secret of `size` bytes, which may be none; an error when the memory cannot be locked.
  static Result<Secret> of_size(std::size_t size);
  // The same with these bytes, for what a library wrote elsewhere: wiping that is the caller's.
  static Result<Secret> copy_of(std::span<const std::uint8_t> bytes);

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  [[nodiscard]] std::span<std::uint8_t> bytes() { return {data_, size_}; }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {data_, size_}; }

  // Compares in time that depends on the size alone.
  [[nodiscard]] bool equals(const Secret& other) const;

 private:
  Secret(std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  void wipe();

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ashlar
