#include "data/homes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/base64.h"
#include "base/random.h"
#include "data/durable_file.h"
#include "data/home_key_wraps.h"
#include "data/strict_json.h"

namespace ashlar {
namespace {

constexpr mode_t kPrivate = 0700;  // records let a guess at a password be checked: they are root's alone
constexpr mode_t kReachable = 0711;
constexpr std::uint64_t kSmallFile = 64 << 10;  // bytes

fs::path users_of(const fs::path& root) { return root / "ashlar/users"; }
fs::path record_of(const fs::path& root, unsigned user) { return users_of(root) / (account_name(user) + ".json"); }
fs::path recovery_of(const fs::path& root) { return root / "ashlar/recovery.json"; }
fs::path home_of(const fs::path& root, unsigned user) { return root / "home" / account_name(user); }
// A home that is being made.
fs::path unfinished_of(const fs::path& root, unsigned user) { return root / "home" / ("." + account_name(user)); }

bool is_there(const fs::path& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 || errno != ENOENT;
}

Status check_user(unsigned user) {
  if (user < 1 || user > kUsers) return fail("there are the users u1 to u8, and no " + account_name(user));
  return {};
}

Status delete_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return fail_errno("delete " + path.string(), error.value());
  return sync_directory(path.parent_path());
}

std::string recovery_json(const RecoveryPublicKey& key) {
  return Json({{"version", 1}, {"public_key", to_base64(key)}}).dump();
}

Result<RecoveryPublicKey> parse_recovery(ByteView bytes) {
  Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded()) return fail("not JSON");
  TRY(has_exactly(json, {"version", "public_key"}, "it"));
  Bytes key = TRY(from_base64(TRY(text_at(json, "public_key"))));
  RecoveryPublicKey recovery{};
  if (key.size() != recovery.size()) return fail("a public key of another size");
  std::ranges::copy(key, recovery.begin());
  if (recovery_json(recovery) != json.dump()) return fail("in another form than ours");
  return recovery;
}

Result<RecoveryPublicKey> read_recovery(const fs::path& root) {
  Bytes json = TRY(read_file(recovery_of(root), kSmallFile));
  return in(recovery_of(root).string(), parse_recovery(json));
}

Status write_record(const fs::path& root, const UserRecord& record) {
  return write_durably(record_of(root, record.user), as_bytes(build_user_record(record)), 0600);
}

// An empty encrypted directory that is the user's, under its final name only when it is all of that.
Status make_home(Storage& storage, unsigned user, const HomeKeyId& key) {
  fs::path unfinished = unfinished_of(storage.root(), user);
  fs::path home = home_of(storage.root(), user);
  TRY(make_directory(unfinished, kPrivate));
  TRY(storage.encrypt_directory(unfinished, key));
  TRY(storage.give_to_user(unfinished, user));
  TRY(sync_directory(unfinished));
  if (::rename(unfinished.c_str(), home.c_str()) != 0) return fail_errno("make " + home.string());
  return sync_directory(home.parent_path());
}

// The home's key is in the kernel, and it is this home's.
Status add_key_of(Storage& storage, const UserRecord& record, const Secret& key) {
  HomeKeyId id = TRY(storage.add_home_key(key));
  if (id == record.home) return {};
  std::ignore = storage.remove_home_key(id);
  return fail("the record of " + account_name(record.user) + " holds the key of another home");
}

}  // namespace

Status Homes::prepare(const RecoveryPublicKey& recovery) {
  fs::path root = storage_.root();
  TRY(make_directory(root / "ashlar", kPrivate));
  TRY(make_directory(users_of(root), kPrivate));
  TRY(make_directory(root / "home", kReachable));
  return in("keep the recovery key's public half",
            write_durably(recovery_of(root), as_bytes(recovery_json(recovery)), 0600));
}

Result<std::vector<UserRecord>> Homes::list() {
  std::vector<UserRecord> records;
  for (unsigned user = 1; user <= kUsers; ++user) {
    if (is_there(record_of(storage_.root(), user))) records.push_back(TRY(get(user)));
  }
  return records;
}

Result<UserRecord> read_user_record(const fs::path& root, unsigned user) {
  TRY(check_user(user));
  fs::path path = record_of(root, user);
  if (!is_there(path)) return fail("there is no user " + account_name(user));
  Bytes json = TRY(read_file(path, kSmallFile));
  UserRecord record = TRY(in(path.string(), parse_user_record(json)));
  if (record.user != user) return fail(path.string() + " is the record of " + account_name(record.user));
  return record;
}

Result<UserRecord> Homes::get(unsigned user) { return read_user_record(storage_.root(), user); }

bool Homes::holds_files(unsigned user) const {
  std::error_code error;
  const bool empty = fs::is_empty(home_of(storage_.root(), user), error);
  // One that cannot be looked at may hold something.
  return error ? error != std::errc::no_such_file_or_directory : !empty;
}

Result<UserRecord> Homes::create(unsigned user, const std::string& name, const HomePassword& password) {
  TRY(check_user(user));
  TRY(check_person_name(name));
  fs::path root = storage_.root();
  if (is_there(record_of(root, user))) return fail("there is a user " + account_name(user) + " already");
  // Without a record nobody has the key of what lies here.
  TRY(delete_tree(unfinished_of(root, user)));
  TRY(delete_tree(home_of(root, user)));

  RecoveryPublicKey recovery = TRY(read_recovery(root));
  Secret key = TRY(random_secret(kHomeKeySize));
  UserRecord record{.user = user, .name = name};
  record.home = TRY(storage_.add_home_key(key));
  Status made = [&]() -> Status {
    record.wraps.push_back(TRY(wrap_by_password(record, key, password)));
    record.recovery = TRY(wrap_to_recovery(record, key, recovery));
    TRY(make_home(storage_, user, record.home));
    return write_record(root, record);  // now there is a user
  }();
  if (!made) {
    std::ignore = storage_.remove_home_key(record.home);
    return std::unexpected(std::move(made).error().in("make the home of " + account_name(user)));
  }
  return record;
}

Status Homes::check(const UserRecord& record, const Secret& home) {
  TRY(unwrap_by_password(record, home));
  return {};
}

Status Homes::open(const UserRecord& record, const Secret& home) {
  UnwrappedHome unwrapped = TRY(unwrap_by_password(record, home));
  return add_key_of(storage_, record, unwrapped.key);
}

Result<Eviction> Homes::close(const UserRecord& record) { return storage_.remove_home_key(record.home); }

Status Homes::remove(unsigned user) {
  UserRecord record = TRY(get(user));
  fs::path root = storage_.root();
  TRY(delete_durably(record_of(root, user)));  // now there is no user: what is left goes, here or in create()
  remove_strays(record_of(root, user));
  std::ignore = storage_.remove_home_key(record.home);  // it may not be open
  return delete_tree(home_of(root, user));
}

Status Homes::add_password(unsigned user, const Secret& present, const HomePassword& next) {
  UserRecord record = TRY(get(user));
  UnwrappedHome unwrapped = TRY(unwrap_by_password(record, present));
  PasswordWrap added = TRY(wrap_by_password(record, unwrapped.key, next));
  record.wraps = {record.wraps[unwrapped.wrap], std::move(added)};
  return write_record(storage_.root(), record);
}

Status Homes::add_password_by_recovery(unsigned user, const Secret& recovery_key, const HomePassword& next) {
  UserRecord record = TRY(get(user));
  Secret key = TRY(unwrap_by_recovery(record, recovery_key));
  PasswordWrap added = TRY(wrap_by_password(record, key, next));
  record.wraps = {record.wraps.front(), std::move(added)};
  return write_record(storage_.root(), record);
}

Status Homes::keep_only(unsigned user, const Argon2idParameters& parameters) {
  UserRecord record = TRY(get(user));
  remove_strays(record_of(storage_.root(), user));
  auto kept = std::ranges::find(record.wraps, parameters, &PasswordWrap::password);
  if (kept == record.wraps.end()) return fail("the home of " + account_name(user) + " has another password");
  if (record.wraps.size() == 1) return {};
  record.wraps = {PasswordWrap(*kept)};
  return write_record(storage_.root(), record);
}

}  // namespace ashlar
