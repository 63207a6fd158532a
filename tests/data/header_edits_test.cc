// The header of /data edited, or swapped, by who has the disk for a while. One boot: the prompt offers to try again,
// and reads the disk anew.
#include <gtest/gtest.h>

#include "data/prompt.h"
#include "data_machine.h"

namespace ashlar::test {
namespace {

using SeenBy = prove::HeaderEdit::SeenBy;

constexpr char kDamaged[] = "The data partition has no LUKS2 header, or a damaged one. It is not touched.";

Status put(const fs::path& disk, const HeaderFile& whole, const std::function<void(Json&)>& edit) {
  HeaderFile edited = TRY(whole.copy());
  if (edit) TRY(edited.edit(edit));
  return prove::write_header(disk, edited);
}

TEST(HeaderEdits, EachIsRefusedInItsWordsAndNothingIsLost) {
  Result<Origin> made = origin();
  ASSERT_OK(made);
  Result<DataMachine> machine = DataMachine::like(*made, "header-edits");
  ASSERT_OK(machine);
  Result<fs::path> disk = machine->own_disk();
  ASSERT_OK(disk);
  Result<HeaderFile> whole = prove::read_header(*disk);
  ASSERT_OK(whole);

  const std::vector<prove::HeaderEdit> all = prove::header_edits();
  ASSERT_OK(put(*disk, *whole, all.front().edit));
  Result<Asked> asked = machine->start();
  for (const prove::HeaderEdit& edit : all) {
    SCOPED_TRACE(edit.id);
    ASSERT_OK(asked);
    if (edit.seen_by == SeenBy::authentication) {
      ASSERT_EQ(asked->label, kPasswordLabel) << asked->text();
      ASSERT_OK(machine->console().answer(kPassword));
      asked = machine->console().next_question(kBootLimit);
      ASSERT_OK(asked);
    }
    Result<std::string> refusal = prove::refused(*asked, {.says = {edit.sentence}, .asks = prove::Refusal::Asks::menu});
    ASSERT_OK(refusal);
    const prove::HeaderEdit* next = &edit == &all.back() ? nullptr : &edit + 1;
    ASSERT_OK(put(*disk, *whole, next != nullptr ? next->edit : nullptr));
    ASSERT_OK(machine->console().choose(*asked, "Try again"));
    asked = machine->console().next_question(kBootLimit);
  }
  // The header as it was: the control, and nothing was lost.
  ASSERT_OK(asked);
  ASSERT_EQ(asked->label, kPasswordLabel) << asked->text();

  // Somebody's volume in its place. The password is right, the TPM gives its part, and it opens nothing.
  ASSERT_OK(machine->cut_power());
  Result<HeaderFile> attackers = prove::attackers_volume(*disk);
  ASSERT_OK(attackers);
  ASSERT_OK(prove::write_header(*disk, *attackers));
  asked = machine->unlock();
  ASSERT_OK(asked);
  Result<std::string> opens_nothing = prove::refused(*asked, {.says = {"Keyslot 1 does not open with this key."}});
  ASSERT_OK(opens_nothing);

  // No header at all, on either place.
  ASSERT_OK(machine->cut_power());
  ASSERT_OK(prove::write_header(*disk, HeaderFile::blank().value()));
  asked = machine->start();
  ASSERT_OK(asked);
  EXPECT_TRUE(asked->says(kDamaged)) << asked->text();
  ASSERT_OK(prove::write_header(*disk, *whole));
  asked = machine->unlock_again(*asked);
  ASSERT_OK(asked);
  ASSERT_TRUE(asked->at_shell()) << asked->text();
  EXPECT_TRUE(machine->expect_kept(kHomeFile));
}

}  // namespace
}  // namespace ashlar::test
