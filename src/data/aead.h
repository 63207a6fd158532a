// Authenticated encryption (RFC 5116) of a few bytes under a key that is used for little: AES-256-GCM.
#pragma once

#include "base/bytes.h"
#include "base/secret.h"

namespace ashlar {

constexpr std::size_t kAeadKeySize = 32;    // bytes
constexpr std::size_t kAeadNonceSize = 12;  // random, in front
constexpr std::size_t kAeadTagSize = 16;    // behind
constexpr std::size_t kAeadOverhead = kAeadNonceSize + kAeadTagSize;

// Nonce, `content` encrypted, tag. `associated` says what this is and for whom: it is authenticated, not stored, and
// opens nothing else. Errors: the key has another size.
Result<Bytes> aead_seal(const Secret& key, const Secret& content, std::string_view associated);

// The content, of a size that the caller knows. Errors: another key, another `associated`, another size, altered.
Result<Secret> aead_open(const Secret& key, ByteView sealed, std::size_t content_size, std::string_view associated);

}  // namespace ashlar
