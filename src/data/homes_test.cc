#include "data/homes.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "data/fake_storage.h"
#include "data/recovery_key.h"
#include "data/testing.h"

namespace ashlar {
namespace {

// What a password gives, without Argon2id in between.
struct Password {
  explicit Password(std::uint8_t value) : home(Secret::copy_of(Bytes(32, value)).value()) {
    parameters.salt.fill(value);
  }
  operator HomePassword() const { return {parameters, home}; }  // NOLINT(google-explicit-constructor)

  Argon2idParameters parameters{kLeastArgon2idMemory, 1, 1, {}};
  Secret home;
};

class HomesTest : public ::testing::Test {
 protected:
  // A machine that was set up; /data is mounted.
  void SetUp() override {
    ASSERT_TRUE(storage_.make_partition());
    volume_.emplace(Volume::format(storage_.device()).value());
    ASSERT_TRUE(volume_->finish());
    ASSERT_TRUE(storage_.activate(*volume_));
    ASSERT_TRUE(storage_.make_file_system());
    ASSERT_TRUE(storage_.mount());
    ASSERT_TRUE(homes_.prepare(recovery_public_key(recovery_).value()));
    ASSERT_TRUE(storage_.complete_partition());
    storage_.steps.clear();
  }
  // As far as mount().
  void restart() {
    storage_.restart();
    ASSERT_TRUE(storage_.activate(*volume_));
    ASSERT_TRUE(storage_.mount());
    storage_.steps.clear();
  }
  [[nodiscard]] fs::path home(unsigned user) const { return storage_.root() / "home" / account_name(user); }
  [[nodiscard]] fs::path record(unsigned user) const {
    return storage_.root() / "ashlar/users" / (account_name(user) + ".json");
  }
  std::set<std::string> names_in(const std::string& directory) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(storage_.root() / directory)) names.insert(entry.path().filename());
    return names;
  }
  HomeFailure opening(unsigned user, const Password& password) {
    Status opened = homes_.open(homes_.get(user).value(), password.home);
    EXPECT_FALSE(opened);
    return opened.error().kind<HomeFailure>().value();
  }

  FakeStorage storage_;
  std::optional<UnlockedVolume> volume_;
  Homes homes_{storage_};
  Secret recovery_ = make_recovery_key().value();
  const Password first_{1};
  const Password second_{2};
  const Password third_{3};
};

TEST_F(HomesTest, ANewUserHasAnOpenEncryptedHome) {
  UserRecord made = homes_.create(1, "Anna", first_).value();
  EXPECT_EQ(homes_.list().value(), std::vector{made});
  EXPECT_TRUE(storage_.is_open(made.home));
  EXPECT_EQ(storage_.key_of(home(1)), made.home);
  EXPECT_EQ(storage_.owner_of(home(1)), 1U);
  EXPECT_EQ(fs::status(home(1)).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(record(1)).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(storage_.root() / "ashlar").permissions(), fs::perms::owner_all);
  EXPECT_EQ(names_in("home"), std::set<std::string>{"u1"});
  EXPECT_EQ(names_in("ashlar/users"), std::set<std::string>{"u1.json"});
}

TEST_F(HomesTest, OpensWithItsPasswordAndNoOther) {
  UserRecord anna = homes_.create(1, "Anna", first_).value();
  UserRecord berta = homes_.create(2, "Berta", second_).value();
  restart();
  EXPECT_EQ(opening(1, second_), HomeFailure::wrong_password);
  EXPECT_FALSE(storage_.is_open(anna.home));
  ASSERT_TRUE(homes_.open(homes_.get(1).value(), first_.home));
  EXPECT_TRUE(storage_.is_open(anna.home));
  EXPECT_FALSE(storage_.is_open(berta.home));
  EXPECT_EQ(homes_.close(anna), Eviction::complete);
  EXPECT_FALSE(storage_.is_open(anna.home));
}

TEST_F(HomesTest, ARecordWithAnotherHomesKeyOpensNothing) {
  UserRecord anna = homes_.create(1, "Anna", first_).value();
  restart();
  UserRecord other = anna;
  other.home[0] ^= 1;
  EXPECT_FALSE(homes_.open(other, first_.home));
  EXPECT_FALSE(storage_.is_open(anna.home));
}

TEST_F(HomesTest, HasRoomForEight) {
  for (unsigned user = 1; user <= kUsers; ++user) ASSERT_TRUE(homes_.create(user, "Anna", first_));
  ASSERT_TRUE(homes_.remove(3));
  EXPECT_EQ(homes_.list().value().size(), 7U);
}

TEST_F(HomesTest, KnowsWhichHomesHoldSomething) {
  EXPECT_FALSE(homes_.holds_files(1));
  ASSERT_TRUE(homes_.create(1, "Anna", first_));
  EXPECT_FALSE(homes_.holds_files(1));
  ASSERT_TRUE(write_file(home(1) / "kept", as_bytes("what Anna wrote")));
  EXPECT_TRUE(homes_.holds_files(1));
  ASSERT_TRUE(homes_.remove(1));
  EXPECT_FALSE(homes_.holds_files(1));
}

TEST_F(HomesTest, RefusesWhatCannotBe) {
  ASSERT_TRUE(homes_.create(1, "Anna", first_));
  EXPECT_EQ(homes_.create(1, "Berta", first_).error().message(), "there is a user u1 already");
  EXPECT_EQ(homes_.create(0, "Berta", first_).error().message(), "there are the users u1 to u8, and no u0");
  EXPECT_EQ(homes_.create(9, "Berta", first_).error().message(), "there are the users u1 to u8, and no u9");
  EXPECT_EQ(homes_.create(2, "a\nb", first_).error().message(), "a name has no control characters");
  EXPECT_EQ(homes_.get(2).error().message(), "there is no user u2");
  EXPECT_FALSE(homes_.remove(2));
  EXPECT_EQ(homes_.get(1).value().name, "Anna");
}

TEST_F(HomesTest, NamesTheRecordThatCannotBeRead) {
  ASSERT_TRUE(homes_.create(1, "Anna", first_));
  fs::copy(record(1), record(2));
  EXPECT_EQ(homes_.list().error().message(), record(2).string() + " is the record of u1");
  ASSERT_TRUE(write_file(record(2), as_bytes("{}")));
  EXPECT_EQ(homes_.list().error().message(), record(2).string() + ": a user's record: it lacks a field");
  // Nobody's home is made over one whose record is damaged.
  EXPECT_EQ(homes_.create(2, "Berta", second_).error().message(), "there is a user u2 already");
}

// A user and a home, or neither, and the next call makes it good.
TEST_F(HomesTest, AnInterruptedCreateLeavesNothingBehind) {
  ASSERT_TRUE(homes_.create(1, "Anna", first_));
  std::size_t steps = storage_.steps.size();
  ASSERT_GE(steps, 3U);
  for (bool power_cut : {false, true}) {
    for (std::size_t step = 1; step <= steps; ++step) {
      restart();
      (power_cut ? storage_.cut_after : storage_.fail_at) = step;
      Result<UserRecord> made = homes_.create(2, "Berta", second_);
      ASSERT_FALSE(made) << step;
      if (power_cut) {
        restart();
      } else {
        storage_.fail_at = 0;
      }
      EXPECT_EQ(homes_.list().value().size(), 1U) << step;
      UserRecord berta = homes_.create(2, "Berta", second_).value();
      EXPECT_EQ(storage_.key_of(home(2)), berta.home);
      EXPECT_EQ(names_in("home"), (std::set<std::string>{"u1", "u2"})) << step;
      ASSERT_TRUE(homes_.remove(2));
    }
  }
}

TEST_F(HomesTest, AHomeWithoutARecordIsReplaced) {
  fs::create_directories(home(1) / "left behind");
  UserRecord anna = homes_.create(1, "Anna", first_).value();
  EXPECT_EQ(storage_.key_of(home(1)), anna.home);
  EXPECT_TRUE(fs::is_empty(home(1)));
}

TEST_F(HomesTest, RemovingTakesRecordAndHome) {
  UserRecord anna = homes_.create(1, "Anna", first_).value();
  fs::create_directories(home(1) / "a/b");
  ASSERT_TRUE(homes_.remove(1));
  EXPECT_FALSE(fs::exists(home(1)));
  EXPECT_FALSE(fs::exists(record(1)));
  EXPECT_FALSE(storage_.is_open(anna.home));
  EXPECT_TRUE(homes_.list().value().empty());
}

TEST_F(HomesTest, ANewPasswordCountsBesideTheOldUntilItIsKept) {
  ASSERT_TRUE(homes_.create(1, "Anna", first_));
  EXPECT_EQ(homes_.add_password(1, second_.home, third_).error().kind<HomeFailure>(), HomeFailure::wrong_password);
  ASSERT_TRUE(homes_.add_password(1, first_.home, second_));
  for (const Password* password : {&first_, &second_}) {
    EXPECT_TRUE(homes_.open(homes_.get(1).value(), password->home));
  }
  ASSERT_TRUE(homes_.keep_only(1, second_.parameters));
  EXPECT_TRUE(homes_.open(homes_.get(1).value(), second_.home));
  EXPECT_EQ(opening(1, first_), HomeFailure::wrong_password);
}

TEST_F(HomesTest, ANewPasswordThatWasNotReachedIsDropped) {
  ASSERT_TRUE(homes_.create(1, "Anna", first_));
  ASSERT_TRUE(homes_.add_password(1, first_.home, second_));  // and the power is cut before the header changes
  ASSERT_TRUE(homes_.keep_only(1, first_.parameters));
  EXPECT_EQ(opening(1, second_), HomeFailure::wrong_password);
  // Once more, without keep_only() in between: the first and the third are left.
  ASSERT_TRUE(homes_.add_password(1, first_.home, second_));
  ASSERT_TRUE(homes_.add_password(1, first_.home, third_));
  EXPECT_EQ(opening(1, second_), HomeFailure::wrong_password);
  EXPECT_TRUE(homes_.open(homes_.get(1).value(), first_.home));
  EXPECT_TRUE(homes_.open(homes_.get(1).value(), third_.home));
}

TEST_F(HomesTest, KeepOnlyNeverDropsThePasswordThatIsLeft) {
  ASSERT_TRUE(homes_.create(1, "Anna", first_));
  EXPECT_EQ(homes_.keep_only(1, second_.parameters).error().message(), "the home of u1 has another password");
  EXPECT_TRUE(homes_.open(homes_.get(1).value(), first_.home));
  // What a power cut left beside the record goes.
  ASSERT_TRUE(write_file(record(1).string() + ".AbCdEf", as_bytes("half")));
  ASSERT_TRUE(homes_.keep_only(1, first_.parameters));
  EXPECT_EQ(names_in("ashlar/users"), std::set<std::string>{"u1.json"});
}

TEST_F(HomesTest, TheRecoveryKeyGivesEveryHomeANewPassword) {
  ASSERT_TRUE(homes_.create(1, "Anna", first_));
  restart();
  ASSERT_TRUE(homes_.create(2, "Berta", second_));  // at a later start: nobody types the recovery key for it
  for (unsigned user : {1U, 2U}) {
    Status wrong = homes_.add_password_by_recovery(user, make_recovery_key().value(), third_);
    EXPECT_EQ(wrong.error().kind<HomeFailure>(), HomeFailure::wrong_recovery_key);
    ASSERT_TRUE(homes_.add_password_by_recovery(user, recovery_, third_));
    ASSERT_TRUE(homes_.keep_only(user, third_.parameters));
    EXPECT_TRUE(homes_.open(homes_.get(user).value(), third_.home));
  }
  EXPECT_EQ(opening(1, first_), HomeFailure::wrong_password);
}

TEST_F(HomesTest, SaysThatFilesAreBusy) {
  UserRecord anna = homes_.create(1, "Anna", first_).value();
  storage_.eviction = Eviction::files_busy;
  EXPECT_EQ(homes_.close(anna), Eviction::files_busy);
}

}  // namespace
}  // namespace ashlar
