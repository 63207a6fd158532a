#include "data/apply_verb.h"

#include "data/carry_out.h"
#include "data/data_status.h"
#include "data/recovery_key.h"
#include "data/requests.h"

namespace ashlar {
namespace {

// The volume, opened with what a person types from paper.
Result<Opened> open_with_recovery_key(Turn& turn) {
  DataPartition partition = TRY(turn.storage.find_partition());
  Volume volume = TRY(Volume::load(partition.device));
  Question question{.notice = {.heading = "Do now what waits for the next start",
                               .lines = {{"", {"It takes the recovery key: the 13 groups that were written down."}}}},
                    .label = kRecoveryKeyLabel,
                    .cancel = "leave it for the next start",
                    .expected_characters = kRecoveryTextSize};
  for (;;) {
    std::optional<Secret> typed = TRY(turn.prompter.ask(question, Echo::text));
    if (!typed) return fail("nothing was done: it waits for the next start");
    Result<Secret> key = parse_recovery_text(*typed);
    if (!key) {
      question.remark = key.error().message();
      continue;
    }
    Result<UnlockedVolume> unlocked = volume.unlock(kRecoveryKeyslot, *key);
    if (unlocked) return Opened{.volume = std::move(*unlocked), .recovery_key = std::move(*key)};
    if (unlocked.error().kind<VolumeFailure>() != VolumeFailure::wrong_key) {
      return std::unexpected(std::move(unlocked).error());
    }
    question.remark = "This is the recovery key of another machine.";
  }
}

// An interrupted TPM was told of where it happened; a machine without one has none to tell.
void settle_tpm(Turn& turn) {
  Result<Tpm*> tpm = turn.tpm.connect();
  if (!tpm) return;
  if (Status done = (*tpm)->shutdown(); !done) turn.log("ashlar: data: " + done.error().message());
}

}  // namespace

Status apply_requests(Turn& turn) {
  TRY(require_open(turn.storage));
  Queue queue = TRY(read_queue(turn.storage.root()));
  if (queue.requests.empty()) return fail("nothing waits for the next start");
  Opened opened = TRY(open_with_recovery_key(turn));
  if (!opened.volume.unfinished().empty()) TRY(opened.volume.discard_unfinished());
  Status done = carry_out_requests(turn, opened);
  settle_tpm(turn);
  return done;
}

}  // namespace ashlar
