// The header of /data edited, or swapped, by who has the disk for a while. One boot: the prompt offers to try again,
// and reads the disk anew.
#include <gtest/gtest.h>

#include "data/prompt.h"
#include "data_machine.h"
#include "outsider.h"

namespace ashlar::test {
namespace {

#define ASSERT_OK(result) ASSERT_TRUE((result).has_value()) << (result).error().message()

struct Edit {
  std::string what;
  std::string sentence;
  std::function<void(Json&)> edit;
  bool seen_by_form = true;  // before any key is used; otherwise the password is asked for first
};

constexpr char kForeign[] = "The data partition was not made by this system, or was altered.";
constexpr char kDamaged[] = "The data partition has no LUKS2 header, or a damaged one. It is not touched.";
constexpr char kAltered[] = "The key is right, but the header was altered by somebody who did not have it.";

std::vector<Edit> edits() {
  return {
      {"a null cipher", kForeign, [](Json& j) { j["segments"]["0"]["encryption"] = "cipher_null-ecb"; }},
      {"a re-encryption under way", kDamaged,  // libcryptsetup is the first to refuse
       [](Json& j) { j["config"]["requirements"] = {{"mandatory", {"online-reencrypt-v2"}}}; }},
      {"another offset", kForeign, [](Json& j) { j["segments"]["0"]["offset"] = "16781312"; }},
      {"a token of another system", kForeign,
       [](Json& j) { j["tokens"]["9"] = {{"type", "systemd-tpm2"}, {"keyslots", {"1"}}}; }},
      {"another keyslot", kAltered,
       [](Json& j) {
         j["keyslots"]["9"] = j["keyslots"]["1"];
         j["keyslots"]["9"]["area"]["offset"] = "8388608";
         j["digests"]["0"]["keyslots"].push_back("9");
       },
       false},
      {"a token with another word in it", kAltered,
       [](Json& j) {
         for (auto& [number, token] : j["tokens"].items()) {
           if (token["type"] == "ashlar-machine") token["keyboard"] = "de(nodeadkeys)";
         }
       },
       false},
  };
}

class HeaderEdits : public ::testing::Test {
 protected:
  static Status put(const fs::path& disk, const testing::Disk& whole, const std::function<void(Json&)>& edit) {
    testing::Disk edited(whole);
    if (edit) testing::edit_header(edited, edit);
    return write_header(disk, edited);
  }

  // A volume of the attacker's that asks for the victim's password: the same tokens, other keys.
  static Result<std::unique_ptr<testing::Disk>> made_by_an_attacker(const fs::path& disk) {
    auto made = std::make_unique<testing::Disk>();
    testing::Disk victim;
    TRY(read_header(disk, victim));
    Volume seen = TRY(Volume::load(victim.path()));
    UnlockedVolume volume = TRY(Volume::format(made->path()));
    TRY(volume.begin({{0, 1}, {0}}));
    TRY(volume.add_keyslot(0, testing::key_of(65)));
    TRY(volume.add_keyslot(1, testing::key_of(66)));
    for (const auto& [number, token] : seen.metadata().tokens) {
      if (token.type == kUserToken) TRY(volume.put_token(0, token.json));
    }
    TRY(volume.finish());
    return made;
  }
};

TEST_F(HeaderEdits, EachIsRefusedInItsWordsAndNothingIsLost) {
  Result<Origin> made = origin();
  ASSERT_OK(made);
  Result<DataMachine> machine = DataMachine::like(*made, "header-edits");
  ASSERT_OK(machine);
  Result<fs::path> disk = machine->own_disk();
  ASSERT_OK(disk);
  testing::Disk whole;
  ASSERT_OK(read_header(*disk, whole));

  std::vector<Edit> all = edits();
  ASSERT_OK(put(*disk, whole, all.front().edit));
  Result<Asked> asked = machine->start();
  for (const Edit& edit : all) {
    SCOPED_TRACE(edit.what);
    ASSERT_OK(asked);
    if (!edit.seen_by_form) {
      ASSERT_EQ(asked->label, kPasswordLabel) << asked->text();
      ASSERT_OK(machine->console().answer(kPassword));
      asked = machine->console().next_question(kBootLimit);
      ASSERT_OK(asked);
    }
    ASSERT_TRUE(asked->option("Try again")) << asked->text();
    EXPECT_TRUE(asked->says("/data does not open")) << asked->text();
    EXPECT_TRUE(asked->says(edit.sentence)) << asked->text();
    const Edit* next = &edit == &all.back() ? nullptr : &edit + 1;
    ASSERT_OK(put(*disk, whole, next != nullptr ? next->edit : nullptr));
    ASSERT_OK(machine->console().choose(*asked, "Try again"));
    asked = machine->console().next_question(kBootLimit);
  }
  // The header as it was: the control, and nothing was lost.
  ASSERT_OK(asked);
  ASSERT_EQ(asked->label, kPasswordLabel) << asked->text();

  // Somebody's volume in its place. The password is right, the TPM gives its part, and it opens nothing.
  ASSERT_OK(machine->cut_power());
  Result<std::unique_ptr<testing::Disk>> attackers = made_by_an_attacker(*disk);
  ASSERT_OK(attackers);
  ASSERT_OK(write_header(*disk, **attackers));
  asked = machine->unlock();
  ASSERT_OK(asked);
  EXPECT_EQ(asked->label, kRecoveryKeyLabel) << asked->text();
  EXPECT_TRUE(asked->says("/data does not open")) << asked->text();

  // No header at all, on either place.
  ASSERT_OK(machine->cut_power());
  ASSERT_OK(write_header(*disk, testing::Disk()));
  asked = machine->start();
  ASSERT_OK(asked);
  EXPECT_TRUE(asked->says(kDamaged)) << asked->text();
  ASSERT_OK(write_header(*disk, whole));
  asked = machine->unlock_again(*asked);
  ASSERT_OK(asked);
  ASSERT_TRUE(asked->at_shell()) << asked->text();
  Result<std::string> said = machine->console().run(std::string("cat ") + kHomeFile);
  ASSERT_OK(said);
  EXPECT_NE(said->find(kContent), std::string::npos) << *said;
}

}  // namespace
}  // namespace ashlar::test
