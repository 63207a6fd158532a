// Reading JSON of ours that anybody may have rewritten: an object has exactly the fields it should have, each of the
// type it should have. Nothing here throws.
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>

#include "base/result.h"

namespace ashlar {

using Json = nlohmann::json;  // keys sorted: one text for each value

// An object with these keys and no others.
inline Status has_exactly(const Json& object, std::initializer_list<std::string_view> keys, const std::string& what) {
  if (!object.is_object()) return fail(what + " is not an object");
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(keys, key) == keys.end()) return fail(what + " has a field of another kind");
  }
  if (object.size() != keys.size()) return fail(what + " lacks a field");
  return {};
}

// The text at a key that has_exactly() found.
inline Result<std::string> text_at(const Json& object, const char* key) {
  const Json& value = object.at(key);
  if (!value.is_string()) return fail("\"" + std::string(key) + "\" is not text");
  return value.get<std::string>();
}

// The same with a number from 0 to 2^32 - 1.
inline Result<std::uint32_t> number_at(const Json& object, const char* key) {
  const Json& value = object.at(key);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > UINT32_MAX) {
    return fail("\"" + std::string(key) + "\" is not a number");
  }
  return value.get<std::uint32_t>();
}

}  // namespace ashlar
