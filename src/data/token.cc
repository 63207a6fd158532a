#include "data/token.h"

#include "base/base64.h"
#include "data/argon2id_json.h"
#include "data/luks2_metadata.h"
#include "data/strict_json.h"

namespace ashlar {
namespace {

constexpr std::size_t kLargestBlob = 1024;  // bytes
constexpr std::array kEnrolledPcrs = {0U, 2U, 7U};

Json json_of(const SealedBlobs& blobs) {
  return {{"public", to_base64(blobs.public_area)}, {"private", to_base64(blobs.private_area)}};
}

Json json_of(const EnrolledTpm& tpm) {
  Json pcrs = Json::object();
  for (const auto& [pcr, value] : tpm.enrolled) pcrs[std::to_string(pcr)] = value.hex();
  Json json = json_of(tpm.secret);
  json["storage_key"] = tpm.storage_key.hex();
  json["pcrs"] = pcrs;
  json["expecting"] = nullptr;
  if (tpm.expecting) json["expecting"] = json_of(*tpm.expecting);
  return json;
}

Json json_of(const UserToken& token) {
  Json json = {{"type", kUserToken},
               {"keyslots", Json::array({std::to_string(token.keyslot)})},
               {"version", 1},
               {"user", account_name(token.user)},
               {"argon2id", argon2id_json(token.password)},
               {"tpm", nullptr}};
  if (token.tpm) json["tpm"] = json_of(*token.tpm);
  return json;
}

Result<Bytes> blob_at(const Json& object, const char* key) {
  Bytes blob = TRY(from_base64(TRY(text_at(object, key))));
  if (blob.empty() || blob.size() > kLargestBlob) return fail("\"" + std::string(key) + "\" has another size");
  return blob;
}

Result<SealedBlobs> blobs_of(const Json& object) {
  SealedBlobs blobs;
  blobs.public_area = TRY(blob_at(object, "public"));
  blobs.private_area = TRY(blob_at(object, "private"));
  return blobs;
}

Result<EnrolledTpm> tpm_of(const Json& json) {
  TRY(has_exactly(json, {"storage_key", "pcrs", "public", "private", "expecting"}, "\"tpm\""));
  EnrolledTpm tpm;
  Bytes name = TRY(from_hex(TRY(text_at(json, "storage_key"))));
  if (name.size() != tpm.storage_key.bytes.size()) return fail("the storage key's name has another size");
  std::ranges::copy(name, tpm.storage_key.bytes.begin());
  const Json& pcrs = json.at("pcrs");
  TRY(has_exactly(pcrs, {"0", "2", "7"}, "\"pcrs\""));
  for (unsigned pcr : kEnrolledPcrs) {
    tpm.enrolled[pcr] = TRY(parse_sha256(TRY(text_at(pcrs, std::to_string(pcr).c_str()))));
  }
  tpm.secret = TRY(blobs_of(json));
  if (const Json& expecting = json.at("expecting"); !expecting.is_null()) {
    TRY(has_exactly(expecting, {"public", "private"}, "\"expecting\""));
    tpm.expecting = TRY(blobs_of(expecting));
  }
  return tpm;
}

Result<UserToken> parse(ByteView bytes) {
  if (bytes.size() > kLargestUserToken) return fail("too long");
  Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded()) return fail("not JSON");
  TRY(has_exactly(json, {"type", "keyslots", "version", "user", "argon2id", "tpm"}, "it"));
  if (json.at("version") != 1) return fail("of another version");
  UserToken token;
  token.user = TRY(parse_account_name(TRY(text_at(json, "user"))));
  const Json& keyslots = json.at("keyslots");
  if (!keyslots.is_array() || keyslots.size() != 1 || !keyslots[0].is_string()) return fail("not for one keyslot");
  for (token.keyslot = 0; token.keyslot < 32; ++token.keyslot) {
    if (keyslots[0] == std::to_string(token.keyslot)) break;
  }
  if (token.keyslot == 32) return fail("for no keyslot");
  token.password = TRY(parse_argon2id_json(json.at("argon2id")));
  if (!json.at("tpm").is_null()) token.tpm = TRY(tpm_of(json.at("tpm")));
  // One text for each content: "type", numbers like 1.0 and upper-case hexadecimal show here.
  if (json_of(token).dump() != json.dump()) return fail("in another form than ours");
  return token;
}

}  // namespace

std::string build_user_token(const UserToken& token) { return json_of(token).dump(); }

Result<UserToken> parse_user_token(ByteView json) { return in("a user's token", parse(json)); }

}  // namespace ashlar
