// Reading JSON that anybody may have written: what is not there, or is something else, is empty.
#pragma once

#include <nlohmann/json.hpp>

#include "base/bytes.h"

namespace ashlar::image {

using Json = nlohmann::ordered_json;

// An error when `text` is not one JSON value.
inline Result<Json> parse_json(ByteView text) {
  Json parsed = Json::parse(text.begin(), text.end(), nullptr, false);
  if (parsed.is_discarded()) return fail("not JSON");
  return parsed;
}

inline const Json& member(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

inline std::string text_member(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

// With two spaces, ending in a newline. Bytes that are not UTF-8 are replaced, never thrown about.
inline std::string json_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ashlar::image
