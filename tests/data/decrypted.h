// What is written in /data as who has the volume key reads it, on the host, with the world's own tools: cryptsetup
// gives the key, OpenSSL deciphers. What fscrypt encrypts below that stays ciphertext.
#pragma once

#include <string>

#include "base/fd.h"

namespace ashlar::test {

// Whether `text` stands anywhere in the volume. Only what was ever written to the disk is read.
Result<bool> volume_holds(const fs::path& disk, const std::string& recovery_key, std::string_view text);

}  // namespace ashlar::test
