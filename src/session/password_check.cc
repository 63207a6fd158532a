#include "session/password_check.h"

#include "data/home_key_wraps.h"

namespace ashlar {

Result<Answer> check_password(Records& records, unsigned user, const Secret& password) {
  const UserRecord record = TRY(records.get(user));
  // Two, where a change of the password was interrupted.
  for (const PasswordWrap& wrap : record.wraps) {
    PasswordKeys keys = TRY(derive_password_keys(password, wrap.password));
    Result<UnwrappedHome> home = unwrap_by_password(record, keys.home);
    if (!home && home.error().kind<HomeFailure>() == HomeFailure::wrong_password) continue;
    UnwrappedHome opened = TRY(std::move(home));
    if (TRY(records.open(opened.key)) != record.home) return fail("the record holds the key of another home");
    return Answer::right;
  }
  return Answer::wrong;
}

}  // namespace ashlar
