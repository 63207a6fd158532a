// Base64 (RFC 4648, section 4): the standard alphabet, padded, in one line.
#pragma once

#include "base/bytes.h"

namespace ashlar {

std::string to_base64(ByteView bytes);

// Only what to_base64 writes: one text for each content. Errors: another character, white space among them, missing or
// misplaced padding, bits in the last character that stand for nothing.
Result<Bytes> from_base64(std::string_view text);

}  // namespace ashlar
