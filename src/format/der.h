// The little of DER (ITU-T X.690) that Authenticode needs beside what OpenSSL does: definite lengths, one-byte tags.
#pragma once

#include "base/bytes.h"

namespace ashlar::der {

constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kObjectId = 0x06;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kSet = 0x31;
constexpr std::uint8_t kContext0 = 0xa0;  // constructed, context-specific, number 0

// One value with its tag and length.
Bytes encode(std::uint8_t tag, ByteView content);

struct Value {
  std::uint8_t tag = 0;
  ByteView content;
  ByteView whole;  // tag and length included
};
// Takes one value off the front. Errors: a tag of several bytes, a length that is indefinite, not the shortest, or
// more than what is left.
Result<Value> read(Reader& reader);
// The same, and an error that names `what` when the tag is another one.
Result<Value> read(Reader& reader, std::uint8_t tag, std::string_view what);

}  // namespace ashlar::der
