#include "base/random.h"

#include <sys/random.h>

#include <cerrno>

namespace ashlar {

Status fill_random(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail_errno("random bytes");
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

Result<Secret> random_secret(std::size_t size) {
  Secret secret = TRY(Secret::of_size(size));
  TRY(fill_random(secret.bytes()));
  return secret;
}

}  // namespace ashlar
