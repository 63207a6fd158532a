// A second user: added by the first one's request, each with a password of their own, each other's home closed.
#include <gtest/gtest.h>

#include "data/prompt.h"
#include "decrypted.h"
#include "dialogue.h"

namespace ashlar::test {
namespace {

constexpr char kBertasPassword[] = "seven lanterns under copper";
constexpr char kBertasSecret[] = "what Berta keeps to herself, 42 pages of it";
constexpr char kBertasFile[] = "a-name-only-berta-knows";
constexpr char kOpenly[] = "this lies in /data itself, for everybody who opened it";

using Users = Dialogue;

TEST_F(Users, ASecondOneUnlocksAndNeitherReadsTheOther) {
  Result<Origin> made = origin();
  ASSERT_OK(made);
  talk_with(DataMachine::like(*made, "users"));
  Result<fs::path> disk = machine_->own_disk();
  ASSERT_OK(disk);

  start();
  answer(kPassword);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  std::string queued = run("ashlarctl user add Berta; echo status:$?");
  EXPECT_NE(queued.find("\nstatus:0"), std::string::npos) << queued;
  ASSERT_OK(machine_->power_off());

  start();
  answer(kPassword);
  ASSERT_TRUE(asked_->says("Add a user: Berta")) << asked_->text();
  choose("Add Berta");
  answer(kBertasPassword);
  answer(kBertasPassword);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  // Her home was open while it was made, and is not hers to read for who is logged in.
  std::string names = run("ls -A /data/home/u2; touch /data/home/u2/x || echo no:key");
  EXPECT_NE(names.find("\nno:key"), std::string::npos) << names;
  ASSERT_OK(machine_->power_off());

  start();
  ASSERT_EQ(asked_->label, "User") << asked_->text();
  choose("User 2");
  answer(kPassword);
  EXPECT_TRUE(asked_->says("Wrong password.")) << "the first user's: " << asked_->text();
  answer(kBertasPassword);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  std::string wrote =
      run(std::string("echo '") + kBertasSecret + "' > /data/home/u2/" + kBertasFile + "; echo '" + kOpenly +
          "' > /data/openly; sync; ls -A /data/home/u1; cat " + kHomeFile + " || echo closed:42");
  EXPECT_NE(wrote.find("\nclosed:42"), std::string::npos) << wrote;
  EXPECT_EQ(wrote.find("\nkept-at-home"), std::string::npos) << "a name in the other home: " << wrote;
  ASSERT_OK(machine_->power_off());

  start();
  ASSERT_EQ(asked_->label, "User") << asked_->text();
  choose("User 1");
  answer(kPassword);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  std::string seen = run(std::string("ls -A /data/home/u2; ls -A /data/home/u1; cat ") + kHomeFile);
  EXPECT_EQ(seen.find(kBertasFile), std::string::npos) << seen;
  EXPECT_NE(seen.find("kept-at-home"), std::string::npos) << "the control: " << seen;
  EXPECT_NE(seen.find(kContent), std::string::npos) << "the control: " << seen;
  ASSERT_OK(machine_->power_off());

  // And on the disk, for who has the key of the volume and no password.
  Result<bool> openly = volume_holds(*disk, made->recovery_key, kOpenly);
  ASSERT_OK(openly);
  EXPECT_TRUE(*openly) << "the control";
  for (const char* hidden : {kBertasSecret, kBertasFile}) {
    Result<bool> found = volume_holds(*disk, made->recovery_key, hidden);
    ASSERT_OK(found);
    EXPECT_FALSE(*found) << hidden;
  }
}

}  // namespace
}  // namespace ashlar::test
