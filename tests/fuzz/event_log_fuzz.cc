// Event logs: what was parsed is found again in the log written from it, and replays to the same values.
#include "format/event_log.h"
#include "fuzz.h"

using namespace ashlar;

namespace {

bool same_event(const LoggedEvent& one, const LoggedEvent& other) {
  return one.pcr == other.pcr && one.type == other.type && one.digest == other.digest &&
         fuzz::same(one.data, other.data);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<EventLog> log = parse_event_log({data, size});
  if (!log) return 0;
  Bytes written = build_event_log(*log);
  Result<EventLog> again = parse_event_log(written);
  fuzz::require(again.has_value());
  fuzz::require(
      std::equal(log->events.begin(), log->events.end(), again->events.begin(), again->events.end(), same_event));
  fuzz::require(build_event_log(*again) == written);
  Result<PcrValues> values = replay(*log);
  Result<PcrValues> values_again = replay(*again);
  fuzz::require(values.has_value() == values_again.has_value());
  if (values) fuzz::require(*values == *values_again);
  return 0;
}
