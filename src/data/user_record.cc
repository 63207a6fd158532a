// The record of a user (homes.h).
#include "base/base64.h"
#include "data/argon2id_json.h"
#include "data/home_key_wraps.h"
#include "data/strict_json.h"

namespace ashlar {
namespace {

constexpr std::size_t kLargestRecord = 4096;  // bytes; ours have about 700

Json json_of(const UserRecord& record) {
  Json wraps = Json::array();
  for (const PasswordWrap& wrap : record.wraps) {
    wraps.push_back({{"argon2id", argon2id_json(wrap.password)}, {"sealed", to_base64(wrap.sealed)}});
  }
  return {{"version", 1},        {"user", account_name(record.user)},
          {"name", record.name}, {"home", to_hex(record.home)},
          {"wraps", wraps},      {"recovery", to_base64(record.recovery)}};
}

Result<Bytes> sealed_at(const Json& object, const char* key, std::size_t size) {
  Bytes sealed = TRY(from_base64(TRY(text_at(object, key))));
  if (sealed.size() != size) return fail("\"" + std::string(key) + "\" has another size");
  return sealed;
}

Result<PasswordWrap> wrap_of(const Json& json) {
  TRY(has_exactly(json, {"argon2id", "sealed"}, "a wrap"));
  PasswordWrap wrap;
  wrap.password = TRY(parse_argon2id_json(json.at("argon2id")));
  wrap.sealed = TRY(sealed_at(json, "sealed", kPasswordWrapSize));
  return wrap;
}

Result<UserRecord> parse(ByteView bytes) {
  if (bytes.size() > kLargestRecord) return fail("too long");
  Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded()) return fail("not JSON");
  TRY(has_exactly(json, {"version", "user", "name", "home", "wraps", "recovery"}, "it"));
  if (json.at("version") != 1) return fail("of another version");
  UserRecord record;
  record.user = TRY(parse_account_name(TRY(text_at(json, "user"))));
  record.name = TRY(text_at(json, "name"));
  TRY(check_person_name(record.name));
  Bytes home = TRY(from_hex(TRY(text_at(json, "home"))));
  if (home.size() != record.home.size()) return fail("\"home\" has another size");
  std::ranges::copy(home, record.home.begin());
  const Json& wraps = json.at("wraps");
  if (!wraps.is_array() || wraps.empty() || wraps.size() > kMostPasswordWraps) return fail("not one wrap or two");
  for (const Json& wrap : wraps) record.wraps.push_back(TRY(wrap_of(wrap)));
  record.recovery = TRY(sealed_at(json, "recovery", kRecoveryWrapSize));
  // One text for each content: numbers like 1.0 and upper-case hexadecimal show here.
  if (json_of(record).dump() != json.dump()) return fail("in another form than ours");
  return record;
}

}  // namespace

std::string build_user_record(const UserRecord& record) { return json_of(record).dump(); }

Result<UserRecord> parse_user_record(ByteView json) { return in("a user's record", parse(json)); }

}  // namespace ashlar
