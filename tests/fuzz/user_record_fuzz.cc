// A user's record on /data: what was accepted is written again, and accepted again, as the same.
#include "data/homes.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<UserRecord> record = parse_user_record({data, size});
  if (!record) return 0;
  fuzz::require(record->user >= 1 && record->user <= kUsers);
  fuzz::require(check_person_name(record->name).has_value());
  fuzz::require(record->wraps.size() == 1 || record->wraps.size() == 2);
  for (const PasswordWrap& wrap : record->wraps) fuzz::require(check_argon2id(wrap.password).has_value());
  Result<UserRecord> again = parse_user_record(as_bytes(build_user_record(*record)));
  fuzz::require(again && *again == *record);
  return 0;
}
