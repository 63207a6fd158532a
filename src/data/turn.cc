#include "data/turn.h"

#include "data/asking.h"
#include "data/explanations.h"
#include "data/first_boot.h"
#include "data/open_data.h"
#include "sys/tpm_failure.h"

namespace ashlar {
namespace {

Status attempt(Turn& turn) {
  DataPartition partition = TRY(turn.storage.find_partition());
  if (partition.state == PartitionState::complete) return open_data(turn, partition.device);
  return first_boot(turn);
}

}  // namespace

Result<TurnEnd> take_turn(Turn& turn) {
  for (;;) {
    Status done = attempt(turn);
    if (done) return TurnEnd::open;
    Error error = std::move(done).error();
    turn.storage.put_away();
    turn.tpm.give_up();
    if (std::optional<TurnEnd> end = error.kind<TurnEnd>()) return *end;
    turn.log("ashlar: data: " + error.message());
    Result<std::size_t> again = menu_or_leave(turn.prompter, explain_failure(error), {"Try again"});
    if (again) continue;
    if (std::optional<TurnEnd> end = again.error().kind<TurnEnd>()) return *end;
    return std::unexpected(std::move(again).error());
  }
}

}  // namespace ashlar
