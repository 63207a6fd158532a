#include "base/secret.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace ashlar {

Result<Secret> Secret::of_size(std::size_t size) {
  if (size == 0) return Secret(nullptr, 0);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail_errno("allocate memory for a secret");
  Secret secret(static_cast<std::uint8_t*>(memory), size);
  if (::mlock(memory, size) != 0) return fail_errno("lock memory for a secret");
  if (::madvise(memory, size, MADV_DONTDUMP) != 0) return fail_errno("keep a secret out of core dumps");
  return secret;
}

Result<Secret> Secret::copy_of(std::span<const std::uint8_t> bytes) {
  Secret secret = TRY(of_size(bytes.size()));
  std::ranges::copy(bytes, secret.bytes().begin());
  return secret;
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() {
  if (data_ == nullptr) return;
  ::explicit_bzero(data_, size_);
  ::munmap(data_, size_);
}

bool Secret::equals(const Secret& other) const {
  if (size_ != other.size_) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < size_; ++i) difference |= static_cast<unsigned>(data_[i] ^ other.data_[i]);
  return difference == 0;
}

}  // namespace ashlar
