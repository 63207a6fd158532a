#include "data/home_verbs.h"

#include <thread>

#include "data/data_status.h"
#include "data/strict_json.h"

namespace ashlar {
namespace {

using Clock = std::chrono::steady_clock;

// With every password the record knows: two, where a change was interrupted.
Status try_password(Homes& homes, const UserRecord& record, const Secret& password) {
  Status opened = std::unexpected(Error("the record of " + account_name(record.user) + " has no password"));
  for (const PasswordWrap& wrap : record.wraps) {
    PasswordKeys keys = TRY(derive_password_keys(password, wrap.password));
    opened = homes.open(record, keys.home);
    if (opened || opened.error().kind<HomeFailure>() != HomeFailure::wrong_password) break;
  }
  return opened;
}

// One try after the other on this machine, each of at least this length.
Status try_slowly(Homes& homes, const UserRecord& record, const Secret& password, const fs::path& directory,
                  std::chrono::milliseconds least) {
  Fd lock = TRY(open_file(directory, O_RDONLY | O_DIRECTORY));
  TRY(lock_exclusively(lock, directory));
  const Clock::time_point until = Clock::now() + least;
  Status opened = try_password(homes, record, password);
  std::this_thread::sleep_until(until);
  return opened;
}

}  // namespace

Result<std::string> users_text(Storage& storage) {
  TRY(require_open(storage));
  std::string text;
  for (const UserRecord& record : TRY(Homes(storage).list())) {
    text += account_name(record.user) + "  " + record.name + "\n";
  }
  return text;
}

Result<std::string> users_json(Storage& storage) {
  TRY(require_open(storage));
  Json users = Json::array();
  for (const UserRecord& record : TRY(Homes(storage).list())) {
    users.push_back({{"user", account_name(record.user)}, {"name", record.name}});
  }
  return users.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status open_home(Storage& storage, Prompter& prompter, unsigned user, const OpenHomeLimits& limits) {
  TRY(require_open(storage));
  Homes homes(storage);
  UserRecord record = TRY(homes.get(user));
  Question question{.notice = {.heading = "Open the home of " + record.name + " (" + account_name(user) + ")"},
                    .label = kPasswordLabel,
                    .cancel = "leave it closed"};
  for (unsigned tries = 0; tries < limits.tries;) {
    std::optional<Secret> password = TRY(prompter.ask(question, Echo::dots));
    if (!password) return fail("the home of " + account_name(user) + " was left closed");
    if (password->bytes().empty()) {
      question.remark = "Nothing was typed.";
      continue;
    }
    Status opened = try_slowly(homes, record, *password, storage.root() / "ashlar/users", limits.least);
    if (opened || opened.error().kind<HomeFailure>() != HomeFailure::wrong_password) return opened;
    question.remark = "Wrong password.";
    ++tries;
  }
  return fail("the home of " + account_name(user) + " stays closed: " + std::to_string(limits.tries) +
              " wrong passwords");
}

Status close_home(Storage& storage, unsigned user) {
  TRY(require_open(storage));
  Homes homes(storage);
  UserRecord record = TRY(homes.get(user));
  if (TRY(homes.close(record)) == Eviction::complete) return {};
  return fail(
      "the key of " + account_name(user) +
      "'s home is gone, but programs still have files open there and go on reading them: end these programs, then "
      "close the home again");
}

}  // namespace ashlar
