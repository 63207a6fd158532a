// What was asked for with ashlarctl, done at the next start.
#include "data/data_header.h"
#include "data/turn_testing.h"

namespace ashlar::testing {
namespace {

class TurnRequestsTest : public TurnTest {
 protected:
  void SetUp() override { set_up(); }
  void ask_for(const Request& request) { ASSERT_TRUE(enqueue(storage_.root(), request)); }
  void expect_nothing_waits() { EXPECT_TRUE(read_queue(storage_.root()).value().requests.empty()); }
  void add_berta() {
    ask_for(AddUser{"Berta"});
    person_.wishes = {"Add Berta"};
    person_.new_password = kBertas;
    expect_open();
    expect_nothing_waits();
  }
  static constexpr char kAnnas[] = "violin ticket marmalade orbit";
  static constexpr char kBertas[] = "pencil harbour sunflower drum";
  static constexpr char kNew[] = "another lantern cheese puzzle";
};

TEST_F(TurnRequestsTest, ASecondUserUnlocksWithAHomeOfTheirOwn) {
  add_berta();
  Homes homes(storage_);
  HomeKeyId annas = homes.get(1).value().home;
  HomeKeyId bertas = homes.get(2).value().home;
  EXPECT_TRUE(storage_.is_open(annas));
  EXPECT_FALSE(storage_.is_open(bertas));
  person_.wishes = {"User 2"};
  person_.password = kBertas;
  expect_open(2);
  EXPECT_FALSE(storage_.is_open(annas));
  EXPECT_NE(session().find("\"name\":\"Berta\""), std::string::npos);
  person_.wishes = {"User 1", "Another user", "User 2"};  // changed her mind
  person_.passwords = {std::nullopt};
  expect_open(2);
}

// An old copy of the header knows nothing of her: her home is not somebody else's to be made anew.
TEST_F(TurnRequestsTest, AHomeWithSomethingInItIsNobodyElses) {
  fs::path before = storage_.root().parent_path() / "before";
  fs::copy_file(storage_.device(), before);
  add_berta();
  fs::path kept = storage_.root() / "home/u2/kept";
  ASSERT_TRUE(write_file(kept, as_bytes("what Berta wrote")));
  storage_.restart();
  fs::copy_file(before, storage_.device(), fs::copy_options::overwrite_existing);
  expect_open();
  ask_for(AddUser{"Carla"});
  person_.wishes = {"Add Carla"};
  person_.new_password = kNew;
  expect_open();
  expect_nothing_waits();
  EXPECT_EQ(read_text(kept).value_or("gone"), "what Berta wrote");
  EXPECT_EQ(Homes(storage_).get(3).value().name, "Carla");
}

TEST_F(TurnRequestsTest, AUserWhoIsRemovedUnlocksNoLonger) {
  add_berta();
  ask_for(RemoveUser{2});
  ask_for(RemoveUser{1});  // who unlocks
  person_.wishes = {"User 1", "Not now"};
  expect_open();
  EXPECT_TRUE(person_.saw("Anna has unlocked this start")) << person_.story();
  EXPECT_EQ(read_queue(storage_.root()).value().requests.size(), 2U);
  person_.wishes = {"User 1", "Remove Berta"};
  expect_open();
  EXPECT_FALSE(Homes(storage_).get(2));
  expect_open();
  EXPECT_FALSE(person_.saw("choose User")) << person_.story();
}

TEST_F(TurnRequestsTest, APasswordIsChangedOnceAndForAll) {
  HomeKeyId home = Homes(storage_).get(1).value().home;
  ask_for(ChangePassword{1});
  person_.wishes = {"Choose a new password"};
  person_.new_password = kNew;
  expect_open();
  expect_nothing_waits();
  EXPECT_EQ(person_.times_asked(kPasswordLabel), 1);
  person_.passwords = {kAnnas, kNew};
  expect_open();
  EXPECT_TRUE(person_.saw("Wrong password. 9 tries left.")) << person_.story();
  EXPECT_EQ(Homes(storage_).get(1).value().home, home);
  EXPECT_EQ(Homes(storage_).get(1).value().wraps.size(), 1U);
}

TEST_F(TurnRequestsTest, SomebodyElsesPasswordTakesTheirPresentOne) {
  add_berta();
  ask_for(ChangePassword{2});
  person_.wishes = {"User 1", "Choose a new password"};
  person_.passwords = {kAnnas, "a guess", kBertas};
  person_.new_password = kNew;
  expect_open();
  EXPECT_TRUE(person_.saw("The present password of Berta / ask Password / Wrong password.")) << person_.story();
  expect_nothing_waits();
  person_.wishes = {"User 2"};
  person_.passwords = {kBertas, kNew};
  expect_open(2);
  EXPECT_TRUE(person_.saw("Wrong password. 9 tries left.")) << person_.story();
}

TEST_F(TurnRequestsTest, WhatIsDeclinedWaitsOrGoes) {
  ask_for(AddUser{"Berta"});
  person_.wishes = {"Not now"};
  expect_open();
  EXPECT_EQ(read_queue(storage_.root()).value().requests.size(), 1U);
  person_.wishes = {"Never"};
  expect_open();
  expect_nothing_waits();
  EXPECT_FALSE(Homes(storage_).get(2));
}

TEST_F(TurnRequestsTest, AnAnnouncedChangeIsLetThroughOnce) {
  ask_for(ExpectChange{});
  person_.wishes = {"Expect a change"};
  expect_open();
  ask_for(ExpectChange{});  // and at once another one
  firmware_[0] = "firmware after an update";
  firmware_[7] = "another dbx";
  person_.passwords = {"wrong"};  // it counts here too
  person_.wishes = {"Go on", "Expect a change"};
  expect_open();
  EXPECT_TRUE(person_.saw("The firmware changed, as was announced")) << person_.story();
  EXPECT_TRUE(person_.saw("9 tries left")) << person_.story();
  firmware_[2] = "another card";
  expect_open();
  EXPECT_TRUE(person_.saw("The firmware changed, as was announced")) << person_.story();
  expect_open();
  EXPECT_FALSE(person_.saw("announced")) << person_.story();
  firmware_[0] = "and once more";
  person_.wishes = {"Not now"};
  expect_end(TurnEnd::open);
  EXPECT_TRUE(person_.saw("PCR 0")) << person_.story();
}

TEST_F(TurnRequestsTest, AnAnnouncedChangeThatDoesNotComeIsForgotten) {
  ask_for(ExpectChange{});
  person_.wishes = {"Expect a change"};
  expect_open();
  expect_open();
  EXPECT_TRUE(person_.saw("The announced change did not come")) << person_.story();
  firmware_[0] = "firmware after an update";
  person_.wishes = {"Not now"};
  expect_end(TurnEnd::open);
  EXPECT_TRUE(person_.saw("PCR 0")) << person_.story();
}

}  // namespace
}  // namespace ashlar::testing
