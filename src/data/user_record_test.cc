#include <gtest/gtest.h>

#include <random>

#include "data/home_key_wraps.h"
#include "data/recovery_key.h"
#include "data/strict_json.h"

namespace ashlar {
namespace {

class UserRecordTest : public ::testing::Test {
 protected:
  UserRecordTest() : trace_(__FILE__, __LINE__, "ASHLAR_SEED=" + std::to_string(seed_)) {}

  std::uint32_t number(std::uint32_t least, std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(least, most)(random_);
  }
  void fill(std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
  }
  PasswordWrap any_wrap() {
    PasswordWrap wrap{{number(kLeastArgon2idMemory, kMostArgon2idMemory),
                       number(1, kMostArgon2idPasses),
                       number(1, kMostArgon2idLanes),
                       {}},
                      Bytes(kPasswordWrapSize)};
    fill(wrap.password.salt);
    fill(wrap.sealed);
    return wrap;
  }
  UserRecord any_record() {
    UserRecord record{.user = number(1, 8), .name = std::string(number(1, 64), 'x')};
    fill(record.home);
    for (std::uint32_t wraps = number(1, 2); wraps > 0; --wraps) record.wraps.push_back(any_wrap());
    record.recovery.resize(kRecoveryWrapSize);
    fill(record.recovery);
    return record;
  }
  static std::string error_of(const std::string& json) {
    Result<UserRecord> record = parse_user_record(as_bytes(json));
    return record ? "(no error)" : record.error().message();
  }

 private:
  std::uint64_t seed_ =
      std::getenv("ASHLAR_SEED") != nullptr ? std::strtoull(std::getenv("ASHLAR_SEED"), nullptr, 10) : 1;
  std::mt19937_64 random_{seed_};
  ::testing::ScopedTrace trace_;
};

TEST_F(UserRecordTest, ComesBackAsItWasWritten) {
  for (int round = 0; round < 500; ++round) {
    UserRecord record = any_record();
    std::string json = build_user_record(record);
    ASSERT_EQ(parse_user_record(as_bytes(json)).value(), record) << json;
  }
}

TEST_F(UserRecordTest, EveryFieldIsNeededAndNoOtherIsTaken) {
  Json whole = Json::parse(build_user_record(any_record()));
  EXPECT_EQ(error_of(whole.dump(2)), "(no error)");  // the control
  const Json flat = whole.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    Json lacking = flat;
    lacking.erase(pointer);
    EXPECT_NE(error_of(lacking.unflatten().dump()), "(no error)") << pointer;
    for (const Json& other : {Json(nullptr), Json(-1), Json(0), Json(1.0), Json(1e300), Json("!\n"), Json(true),
                              Json::array(), Json::object()}) {
      Json changed = whole;
      changed[Json::json_pointer(pointer)] = other;
      EXPECT_NE(error_of(changed.dump()), "(no error)") << pointer << " " << other;
    }
  }
  for (const char* place : {"", "/wraps/0", "/wraps/0/argon2id"}) {
    Json more = whole;
    more[Json::json_pointer(place)]["more"] = 1;
    EXPECT_NE(error_of(more.dump()), "(no error)") << place;
  }
}

TEST_F(UserRecordTest, RefusesWhatIsNearlyRight) {
  Json whole = Json::parse(build_user_record(any_record()));
  auto error_with = [&](const char* pointer, const Json& value) {
    Json changed = whole;
    changed[Json::json_pointer(pointer)] = value;
    return error_of(changed.dump());
  };
  EXPECT_EQ(error_with("/version", 2), "a user's record: of another version");
  EXPECT_EQ(error_with("/user", "u9"), "a user's record: for no user of ours");
  EXPECT_EQ(error_with("/name", "a\nb"), "a user's record: a name has no control characters");
  EXPECT_EQ(error_with("/home", "ab"), "a user's record: \"home\" has another size");
  EXPECT_EQ(error_with("/home", std::string(32, 'A')), "a user's record: in another form than ours");
  EXPECT_EQ(error_with("/wraps", Json::array()), "a user's record: not one wrap or two");
  EXPECT_EQ(error_with("/wraps", {1, 2, 3}), "a user's record: not one wrap or two");
  EXPECT_EQ(error_with("/recovery", "AAAA"), "a user's record: \"recovery\" has another size");
  EXPECT_EQ(error_of(whole.dump() + "x"), "a user's record: not JSON");
  EXPECT_EQ(error_of(std::string(5000, ' ') + whole.dump()), "a user's record: too long");
  EXPECT_EQ(error_of("[]"), "a user's record: it is not an object");
}

TEST(HomeKeyWraps, OpenForTheirUserAndHomeOnly) {
  UserRecord record{.user = 1, .name = "Anna"};
  record.home.fill(5);
  Secret key = Secret::copy_of(Bytes(kHomeKeySize, 9)).value();
  Secret home = Secret::copy_of(Bytes(32, 1)).value();
  Secret other = Secret::copy_of(Bytes(32, 2)).value();
  Secret recovery_key = make_recovery_key().value();
  RecoveryPublicKey recovery = recovery_public_key(recovery_key).value();
  record.wraps.push_back(wrap_by_password(record, key, {{}, home}).value());
  record.recovery = wrap_to_recovery(record, key, recovery).value();
  EXPECT_EQ(record.wraps[0].sealed.size(), kPasswordWrapSize);
  EXPECT_EQ(record.recovery.size(), kRecoveryWrapSize);
  EXPECT_NE(record.recovery, wrap_to_recovery(record, key, recovery).value());  // an ephemeral key each time

  EXPECT_TRUE(unwrap_by_password(record, home).value().key.equals(key));
  EXPECT_TRUE(unwrap_by_recovery(record, recovery_key).value().equals(key));
  Result<UnwrappedHome> wrong = unwrap_by_password(record, other);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind<HomeFailure>(), HomeFailure::wrong_password);
  Result<Secret> unrecovered = unwrap_by_recovery(record, make_recovery_key().value());
  ASSERT_FALSE(unrecovered);
  EXPECT_EQ(unrecovered.error().kind<HomeFailure>(), HomeFailure::wrong_recovery_key);

  UserRecord of_another_user = record;
  of_another_user.user = 2;
  UserRecord of_another_home = record;
  of_another_home.home.fill(6);
  for (const UserRecord& moved : {of_another_user, of_another_home}) {
    EXPECT_FALSE(unwrap_by_password(moved, home));
    EXPECT_FALSE(unwrap_by_recovery(moved, recovery_key));
  }
  for (std::size_t i = 0; i < record.recovery.size(); ++i) {
    UserRecord altered = record;
    altered.recovery[i] ^= 1;
    // The top bit of an X25519 public key is ignored (RFC 7748, 5), but not by the key derivation.
    EXPECT_FALSE(unwrap_by_recovery(altered, recovery_key)) << i;
  }
}

TEST(HomeKeyWraps, RefusePublicKeysThatLetEverybodyAgree) {
  UserRecord record{.user = 1, .name = "Anna"};
  Secret key = Secret::copy_of(Bytes(kHomeKeySize, 9)).value();
  RecoveryPublicKey one{1};
  for (const RecoveryPublicKey& low_order : {RecoveryPublicKey{}, one}) {
    EXPECT_FALSE(wrap_to_recovery(record, key, low_order));
  }
}

}  // namespace
}  // namespace ashlar
