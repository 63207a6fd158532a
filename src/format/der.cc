#include "format/der.h"

namespace ashlar::der {
namespace {

constexpr std::uint8_t kLongForm = 0x80;
constexpr std::uint8_t kManyByteTag = 0x1f;

Result<std::uint64_t> read_length(Reader& reader) {
  auto first = TRY(reader.read<std::uint8_t>("a DER length"));
  if (first < kLongForm) return first;
  std::size_t size = first & ~kLongForm;
  if (size == 0 || size > 4) return fail("a DER length of " + std::to_string(size) + " bytes");
  std::uint64_t length = 0;
  for (std::uint8_t byte : TRY(reader.take(size, "a DER length"))) length = length << 8 | byte;
  if (length < kLongForm || length >> (8 * (size - 1)) == 0) return fail("a DER length longer than it need be");
  return length;
}

}  // namespace

Bytes encode(std::uint8_t tag, ByteView content) {
  Bytes out = {tag};
  std::size_t size = content.size();
  if (size < kLongForm) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else {
    std::size_t bytes = 0;
    for (std::size_t rest = size; rest != 0; rest >>= 8) ++bytes;
    out.push_back(static_cast<std::uint8_t>(kLongForm | bytes));
    while (bytes-- > 0) out.push_back(static_cast<std::uint8_t>(size >> (8 * bytes)));
  }
  append(out, content);
  return out;
}

Result<Value> read(Reader& reader) {
  ByteView before = reader.rest();
  Value value;
  value.tag = TRY(reader.read<std::uint8_t>("a DER tag"));
  if ((value.tag & kManyByteTag) == kManyByteTag) return fail("a DER tag of several bytes");
  std::uint64_t length = TRY(read_length(reader));
  value.content = TRY(reader.take(length, "a DER value"));
  value.whole = before.first(before.size() - reader.rest().size());
  return value;
}

Result<Value> read(Reader& reader, std::uint8_t tag, std::string_view what) {
  Value value = TRY(in(what, read(reader)));
  if (value.tag != tag) {
    return fail(std::string(what) + ": DER tag " + std::to_string(value.tag) + " instead of " + std::to_string(tag));
  }
  return value;
}

}  // namespace ashlar::der
