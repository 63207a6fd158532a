#include "data/token.h"

#include <gtest/gtest.h>

#include <random>

#include "base/random.h"
#include "data/authority_token.h"
#include "data/machine_token.h"
#include "data/strict_json.h"
#include "data/testing.h"

namespace ashlar {
namespace {

class TokenTest : public ::testing::Test {
 protected:
  TokenTest() : trace_(__FILE__, __LINE__, "ASHLAR_SEED=" + std::to_string(seed_)) {}

  std::uint32_t number(std::uint32_t least, std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(least, most)(random_);
  }
  void fill(std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
  }
  Bytes blob() {
    Bytes bytes(number(1, 300));
    fill(bytes);
    return bytes;
  }
  UserToken any_token() {
    UserToken token{number(1, 8),
                    number(0, 31),
                    {number(kLeastArgon2idMemory, kMostArgon2idMemory),
                     number(1, kMostArgon2idPasses),
                     number(1, kMostArgon2idLanes),
                     {}},
                    std::nullopt};
    fill(token.password.salt);
    if (number(0, 3) == 0) return token;
    EnrolledTpm tpm;
    fill(tpm.storage_key.bytes);
    for (unsigned pcr : {0U, 2U, 7U}) fill(tpm.enrolled[pcr].bytes);
    tpm.secret = {blob(), blob()};
    if (number(0, 1) == 0) tpm.expecting = SealedBlobs{blob(), blob()};
    token.tpm = tpm;
    return token;
  }
  static std::string error_of(const std::string& json) {
    Result<UserToken> token = parse_user_token(as_bytes(json));
    return token ? "(no error)" : token.error().message();
  }

 private:
  std::uint64_t seed_ =
      std::getenv("ASHLAR_SEED") != nullptr ? std::strtoull(std::getenv("ASHLAR_SEED"), nullptr, 10) : 1;
  std::mt19937_64 random_{seed_};
  ::testing::ScopedTrace trace_;
};

TEST_F(TokenTest, ComesBackAsItWasWritten) {
  for (int round = 0; round < 500; ++round) {
    UserToken token = any_token();
    std::string json = build_user_token(token);
    ASSERT_EQ(parse_user_token(as_bytes(json)).value(), token) << json;
    ASSERT_LE(json.size(), kLargestUserToken);
  }
}

TEST_F(TokenTest, EveryFieldIsNeededAndNoOtherIsTaken) {
  UserToken token = any_token();
  while (!token.tpm || !token.tpm->expecting) token = any_token();
  Json whole = Json::parse(build_user_token(token));
  EXPECT_EQ(error_of(whole.dump(2)), "(no error)");  // the control: libcryptsetup writes it in its own way
  const Json flat = whole.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    Json lacking = flat;
    lacking.erase(pointer);
    EXPECT_NE(error_of(lacking.unflatten().dump()), "(no error)") << pointer;
    for (const Json& other : {Json(nullptr), Json(-1), Json(0), Json(1.0), Json(1e300), Json("!"), Json(true),
                              Json::array(), Json::object()}) {
      Json changed = whole;
      changed[Json::json_pointer(pointer)] = other;
      EXPECT_NE(error_of(changed.dump()), "(no error)") << pointer << " " << other;
    }
  }
  for (const char* place : {"", "/argon2id", "/tpm", "/tpm/pcrs", "/tpm/expecting"}) {
    Json more = whole;
    more[Json::json_pointer(place)]["more"] = 1;
    EXPECT_NE(error_of(more.dump()), "(no error)") << place;
  }
}

TEST_F(TokenTest, RefusesWhatIsNearlyRight) {
  UserToken token = any_token();
  while (!token.tpm) token = any_token();
  Json whole = Json::parse(build_user_token(token));
  auto error_with = [&](const char* pointer, const Json& value) {
    Json changed = whole;
    changed[Json::json_pointer(pointer)] = value;
    return error_of(changed.dump());
  };
  EXPECT_EQ(error_with("/version", 2), "a user's token: of another version");
  EXPECT_EQ(error_with("/user", "u9"), "a user's token: for no user of ours");
  EXPECT_EQ(error_with("/user", "u1 "), "a user's token: for no user of ours");
  EXPECT_EQ(error_with("/keyslots", {"0", "1"}), "a user's token: not for one keyslot");
  EXPECT_EQ(error_with("/keyslots", {"32"}), "a user's token: for no keyslot");
  EXPECT_EQ(error_with("/keyslots", {"01"}), "a user's token: for no keyslot");
  EXPECT_EQ(error_with("/type", "ashlar2"), "a user's token: in another form than ours");
  std::string name = whole["tpm"]["storage_key"];
  name[5] = 'A';
  EXPECT_EQ(error_with("/tpm/storage_key", name), "a user's token: in another form than ours");
  EXPECT_EQ(error_with("/argon2id/memory_kib", 4294967295U), "a user's token: Argon2id with 4294967295 KiB of memory");
  EXPECT_EQ(error_of(whole.dump() + "x"), "a user's token: not JSON");
  EXPECT_EQ(error_of(std::string(5000, ' ') + whole.dump()), "a user's token: too long");
  EXPECT_EQ(error_of(""), "a user's token: not JSON");
  EXPECT_EQ(error_of("[]"), "a user's token: it is not an object");
}

TEST(MachineToken, ComesBackAndTakesNothingElse) {
  for (const char* name : {"us", "de(nodeadkeys)", "ch(fr_nodeadkeys)"}) {
    EXPECT_EQ(parse_machine_token(as_bytes(build_machine_token({name}))).value().keyboard, name);
  }
  for (const std::string& name : {std::string(), std::string("../us"), std::string("us\n"), std::string(33, 'a')}) {
    EXPECT_FALSE(parse_machine_token(as_bytes(build_machine_token({name})))) << name;
  }
  Json whole = Json::parse(build_machine_token({"us"}));
  for (const auto& [key, value] : whole.items()) {
    Json lacking = whole;
    lacking.erase(key);
    EXPECT_FALSE(parse_machine_token(as_bytes(lacking.dump()))) << key;
    Json changed = whole;
    changed[key] = 2;
    EXPECT_FALSE(parse_machine_token(as_bytes(changed.dump()))) << key;
  }
  whole["more"] = 1;
  EXPECT_FALSE(parse_machine_token(as_bytes(whole.dump())));
}

TEST(TpmAuthorityToken, OpensOnlyWithItsKey) {
  using testing::key_of;
  Secret key = Secret::copy_of(Bytes(32, 7)).value();
  TpmAuthorities authorities{random_secret(32).value(), random_secret(32).value()};
  std::string json = build_tpm_authority_token(authorities, key).value();
  EXPECT_EQ(json.find(to_hex(authorities.owner.bytes())), std::string::npos);
  TpmAuthorities opened = open_tpm_authority_token(as_bytes(json), key).value();
  EXPECT_TRUE(opened.owner.equals(authorities.owner));
  EXPECT_TRUE(opened.lockout.equals(authorities.lockout));

  EXPECT_FALSE(open_tpm_authority_token(as_bytes(json), Secret::copy_of(Bytes(32, 8)).value()));
  EXPECT_FALSE(open_tpm_authority_token(as_bytes(json), Secret::copy_of(Bytes(16, 7)).value()));
  Json whole = Json::parse(json);
  std::string sealed = whole["sealed"];
  for (std::size_t i = 0; i + 2 < sealed.size(); i += 3) {
    Json changed = whole;
    std::string other = sealed;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    changed["sealed"] = other;
    EXPECT_FALSE(open_tpm_authority_token(as_bytes(changed.dump()), key)) << i;
  }
  for (const char* field : {"type", "keyslots", "version", "sealed"}) {
    Json lacking = whole;
    lacking.erase(field);
    EXPECT_FALSE(open_tpm_authority_token(as_bytes(lacking.dump()), key)) << field;
  }
  EXPECT_NE(json, build_tpm_authority_token(authorities, key).value());  // a nonce of its own each time
}

}  // namespace
}  // namespace ashlar
