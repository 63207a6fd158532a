#include "data/luks2_metadata.h"

#include <algorithm>
#include <charconv>

#include "base/base64.h"
#include "data/strict_json.h"

namespace ashlar {
namespace {

constexpr std::string_view kCipher = "aes-xts-plain64";
constexpr unsigned kVolumeKeySize = 64;

std::unexpected<Error> foreign(const std::string& what) { return fail("a LUKS2 header that is not ours: " + what); }

Status is(const Json& object, const char* key, const Json& wanted, const std::string& what) {
  if (object.at(key) != wanted) return foreign(what + ": \"" + key + "\" is not " + wanted.dump());
  return {};
}

// "0" to "31", as libcryptsetup numbers keyslots and tokens.
Result<unsigned> number_of(std::string_view text) {
  unsigned number = 32;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > 31 || std::to_string(number) != text) {
    return foreign("a number that is none");
  }
  return number;
}

Result<std::set<unsigned>> numbers_of(const Json& list, const std::string& what) {
  if (!list.is_array()) return foreign(what + " is not a list");
  std::set<unsigned> numbers;
  for (const Json& entry : list) {
    if (!entry.is_string()) return foreign(what + " lists something else than numbers");
    if (!numbers.insert(TRY(number_of(entry.get_ref<const std::string&>()))).second) {
      return foreign(what + " lists a number twice");
    }
  }
  return numbers;
}

Json list_of(const std::set<unsigned>& numbers) {
  Json list = Json::array();
  for (unsigned number : numbers) list.push_back(std::to_string(number));
  return list;
}

// A decimal number in a string, as LUKS2 writes 64 bits.
bool is_decimal(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return !text.empty() && text.size() <= 20 && text.find_first_not_of("0123456789") == std::string::npos;
}

bool is_base64(const Json& value) {
  return value.is_string() && from_base64(value.get_ref<const std::string&>()).has_value();
}

Status check_hash(const Json& value, const std::string& what) {
  if (value != "sha512") return foreign(what + " has another hash");
  return {};
}

Status check_keyslot(const Json& keyslot, const std::string& what) {
  TRY(has_exactly(keyslot, {"type", "key_size", "af", "area", "kdf"}, what));
  TRY(is(keyslot, "type", "luks2", what));
  TRY(is(keyslot, "key_size", kVolumeKeySize, what));
  const Json& af = keyslot.at("af");
  TRY(has_exactly(af, {"type", "stripes", "hash"}, what + ".af"));
  TRY(is(af, "type", "luks1", what + ".af"));
  TRY(is(af, "stripes", 4000, what + ".af"));
  TRY(check_hash(af.at("hash"), what + ".af"));
  const Json& area = keyslot.at("area");
  TRY(has_exactly(area, {"type", "offset", "size", "encryption", "key_size"}, what + ".area"));
  TRY(is(area, "type", "raw", what + ".area"));
  TRY(is(area, "encryption", kCipher, what + ".area"));
  TRY(is(area, "key_size", kVolumeKeySize, what + ".area"));
  if (!is_decimal(area.at("offset")) || !is_decimal(area.at("size"))) return foreign(what + ".area lies nowhere");
  const Json& kdf = keyslot.at("kdf");
  TRY(has_exactly(kdf, {"type", "hash", "iterations", "salt"}, what + ".kdf"));
  TRY(is(kdf, "type", "pbkdf2", what + ".kdf"));
  TRY(is(kdf, "iterations", kPbkdf2Iterations, what + ".kdf"));
  TRY(check_hash(kdf.at("hash"), what + ".kdf"));
  if (!is_base64(kdf.at("salt"))) return foreign(what + ".kdf has no salt");
  return {};
}

Status check_segments(const Json& segments) {
  TRY(has_exactly(segments, {"0"}, "segments"));
  const Json& segment = segments.at("0");
  TRY(has_exactly(segment, {"type", "offset", "size", "iv_tweak", "encryption", "sector_size"}, "segment 0"));
  TRY(is(segment, "type", "crypt", "segment 0"));
  TRY(is(segment, "offset", std::to_string(kDataOffset), "segment 0"));
  TRY(is(segment, "size", "dynamic", "segment 0"));
  TRY(is(segment, "iv_tweak", "0", "segment 0"));
  TRY(is(segment, "encryption", kCipher, "segment 0"));
  return is(segment, "sector_size", 4096, "segment 0");
}

Status check_digests(const Json& digests, const std::set<unsigned>& keyslots) {
  TRY(has_exactly(digests, {"0"}, "digests"));
  const Json& digest = digests.at("0");
  TRY(has_exactly(digest, {"type", "keyslots", "segments", "hash", "iterations", "salt", "digest"}, "digest 0"));
  TRY(is(digest, "type", "pbkdf2", "digest 0"));
  TRY(is(digest, "iterations", kPbkdf2Iterations, "digest 0"));
  TRY(is(digest, "segments", Json::array({"0"}), "digest 0"));
  TRY(check_hash(digest.at("hash"), "digest 0"));
  if (!is_base64(digest.at("salt")) || !is_base64(digest.at("digest"))) return foreign("digest 0 is none");
  if (TRY(numbers_of(digest.at("keyslots"), "digest 0")) != keyslots)
    return foreign("digest 0 is not for every keyslot");
  return {};
}

Result<HeaderParts> parts_of(const Json& changing) {
  TRY(has_exactly(changing, {"keyslots", "tokens"}, "what is changing"));
  HeaderParts parts;
  parts.keyslots = TRY(numbers_of(changing.at("keyslots"), "what is changing"));
  parts.tokens = TRY(numbers_of(changing.at("tokens"), "what is changing"));
  return parts;
}

Json parts_json(const HeaderParts& parts) {
  return {{"keyslots", list_of(parts.keyslots)}, {"tokens", list_of(parts.tokens)}};
}

Json hmac_json(const HmacToken& token) {
  return {{"type", kHmacToken},
          {"keyslots", Json::array()},
          {"version", 1},
          {"changing", parts_json(token.changing)},
          {"hmac", to_base64(token.hmac)}};
}

Result<HmacToken> parse_hmac(const Json& json) {
  TRY(has_exactly(json, {"type", "keyslots", "version", "changing", "hmac"}, "the HMAC token"));
  HmacToken token;
  token.changing = TRY(parts_of(json.at("changing")));
  if (!json.at("hmac").is_string()) return foreign("the HMAC token has no HMAC");
  Bytes hmac = TRY(from_base64(json.at("hmac").get_ref<const std::string&>()));
  if (hmac.size() != token.hmac.size()) return foreign("an HMAC of another size");
  std::ranges::copy(hmac, token.hmac.begin());
  if (hmac_json(token) != json) return foreign("the HMAC token has another form");
  return token;
}

Status add_token(Luks2Metadata& metadata, unsigned number, const Json& token) {
  std::string what = "token " + std::to_string(number);
  if (!token.is_object() || !token.contains("type") || !token.at("type").is_string() || !token.contains("keyslots")) {
    return foreign(what + " is none");
  }
  std::string type = token.at("type").get<std::string>();
  constexpr std::array kTypes = {kUserToken, kHmacToken, kTpmAuthorityToken, kMachineToken};
  if (std::ranges::find(kTypes, type) == kTypes.end()) {
    return foreign(what + " is of a type we do not know");
  }
  std::set<unsigned> keyslots = TRY(numbers_of(token.at("keyslots"), what));
  if (!std::ranges::includes(metadata.keyslots, keyslots)) return foreign(what + " is for a keyslot that is not there");
  for (const auto& [other, stored] : metadata.tokens) {
    if (stored.type == type && type != kUserToken) return foreign("two tokens where one belongs");
  }
  if (type == kHmacToken) {
    metadata.hmac = TRY(parse_hmac(token));
    metadata.hmac_number = number;
  }
  metadata.tokens.emplace(number, StoredToken{std::move(type), std::move(keyslots), token.dump()});
  return {};
}

// Without the numbers in `changing`.
void drop(Json& list, const std::set<unsigned>& numbers) {
  Json kept = Json::array();
  for (const Json& entry : list) {
    bool goes = std::ranges::any_of(numbers, [&](unsigned number) { return entry == std::to_string(number); });
    if (!goes) kept.push_back(entry);
  }
  list = std::move(kept);
}

}  // namespace

std::string build_hmac_token(const HmacToken& token) { return hmac_json(token).dump(); }

Result<Luks2Metadata> parse_luks2_metadata(ByteView json) {
  Json header = Json::parse(json.begin(), json.end(), nullptr, false);
  if (header.is_discarded()) return foreign("not JSON");
  TRY(has_exactly(header, {"keyslots", "tokens", "segments", "digests", "config"}, "the header"));
  for (const char* part : {"keyslots", "tokens"}) {
    if (!header.at(part).is_object()) return foreign(std::string(part) + " is not an object");
  }
  // Persistent flags and requirements (re-encryption among them) would be two more fields here.
  TRY(has_exactly(header.at("config"), {"json_size", "keyslots_size"}, "config"));
  TRY(is(header.at("config"), "json_size", std::to_string(kMetadataSize - 4096), "config"));
  TRY(is(header.at("config"), "keyslots_size", std::to_string(kKeyslotsSize), "config"));
  TRY(check_segments(header.at("segments")));

  Luks2Metadata metadata;
  for (const auto& [name, keyslot] : header.at("keyslots").items()) {
    metadata.keyslots.insert(TRY(number_of(name)));
    TRY(check_keyslot(keyslot, "keyslot " + name));
  }
  TRY(check_digests(header.at("digests"), metadata.keyslots));
  for (const auto& [name, token] : header.at("tokens").items()) {
    TRY(add_token(metadata, TRY(number_of(name)), token));
  }
  metadata.json = as_text(json);
  return metadata;
}

std::string Luks2Metadata::authenticated(const HeaderParts& changing, std::string_view uuid) const {
  Json header = Json::parse(json, nullptr, false);
  for (unsigned keyslot : changing.keyslots) header["keyslots"].erase(std::to_string(keyslot));
  for (unsigned token : changing.tokens) header["tokens"].erase(std::to_string(token));
  if (hmac_number) header["tokens"].erase(std::to_string(*hmac_number));
  drop(header["digests"]["0"]["keyslots"], changing.keyslots);
  for (auto& [number, token] : header["tokens"].items()) drop(token["keyslots"], changing.keyslots);
  return Json({{"changing", parts_json(changing)}, {"header", header}, {"uuid", uuid}}).dump();
}

}  // namespace ashlar
