#include "data/open_data.h"

#include "data/asking.h"
#include "data/carry_out.h"
#include "data/expected_change.h"
#include "data/finish.h"
#include "data/recovery.h"
#include "data/unlock_dialogue.h"

namespace ashlar {
namespace {

void use_keyboard(Turn& turn, const DataHeader& header) {
  if (!header.machine) return;
  Status used = turn.prompter.use_keyboard_layout(header.machine->keyboard);
  if (!used) turn.log("ashlar: data: keyboard layout: " + used.error().message());
}

// With the password that opened the volume, which is the home's.
Status open_home(Turn& turn, const Opened& opened) {
  Homes homes(turn.storage);
  UserRecord record = TRY(homes.get(opened.user));
  TRY(homes.open(record, opened.password->keys.home));
  return homes.keep_only(opened.user, opened.password->parameters);
}

}  // namespace

Status open_data(Turn& turn, const fs::path& device) {
  // Nothing of the header is believed yet.
  Volume volume = TRY(Volume::load(device));
  DataHeader header = TRY(read_data_header(volume.metadata()));
  use_keyboard(turn, header);
  Opened opened = TRY(UnlockDialogue(turn, volume, header).run());

  // It is authentic.
  if (!opened.volume.unfinished().empty()) TRY(opened.volume.discard_unfinished());
  TRY(turn.storage.activate(opened.volume));
  TRY(turn.storage.mount());

  // It is open: what fails from here on is told and stops nothing.
  if (opened.password) {
    Status home = open_home(turn, opened);
    if (!home) {
      opened.password.reset();
      TRY(tell_failure(turn, "The home does not open", home.error()));
    } else {
      TRY(settle_expected_change(turn, opened));
    }
  } else {
    TRY(after_recovery(turn, opened));
  }
  TRY(carry_out_requests(turn, opened));
  return finish(turn, opened);
}

}  // namespace ashlar
