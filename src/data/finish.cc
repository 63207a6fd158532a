#include "data/finish.h"

#include "base/random.h"
#include "data/asking.h"
#include "data/strict_json.h"
#include "data/tpm_preparation.h"

namespace ashlar {
namespace {

Status look_after(Turn& turn, const UnlockedVolume& volume, const EnrolledTpm& enrolled) {
  std::optional<TpmAuthorities> authorities = TRY(authorities_of(volume));
  if (!authorities) return {};
  Result<Tpm*> connected = turn.tpm.connect();
  if (!connected && connected.error().kind<TpmFailure>() == TpmFailure::absent) return {};  // told at the prompt
  Tpm* tpm = TRY(std::move(connected));
  Result<TpmStorageKey> key = TpmStorageKey::open(*tpm, enrolled.storage_key);
  if (!key && key.error().kind<TpmFailure>() == TpmFailure::cleared) return {};  // not this disk's TPM: told before
  TRY(look_after_tpm(*tpm, TRY(std::move(key)), *authorities));
  return tpm->shutdown();
}

// "ch(fr_nodeadkeys)": layout and variant.
void use_layout(SessionOwner& owner, std::string_view keyboard) {
  std::size_t parenthesis = keyboard.find('(');
  owner.layout = keyboard.substr(0, parenthesis);
  if (parenthesis == std::string_view::npos) return;
  owner.variant = keyboard.substr(parenthesis + 1);
  if (owner.variant.ends_with(')')) owner.variant.pop_back();
}

Status write_session_files(Turn& turn, const Opened& opened, const DataHeader& header) {
  Json session = {{"user", nullptr},
                  {"name", nullptr},
                  {"keyboard", header.machine ? header.machine->keyboard : "us"},
                  {"tpm", false}};
  if (auto user = header.users.find(opened.user); user != header.users.end()) {
    session["tpm"] = user->second.token.tpm.has_value();
  }
  if (opened.password) {
    session["user"] = "u" + std::to_string(opened.user);
    session["name"] = TRY(Homes(turn.storage).get(opened.user)).name;
  }
  SessionOwner owner{.user = opened.password ? opened.user : 0};
  if (header.machine) use_layout(owner, header.machine->keyboard);
  TRY(write_file(turn.owner_file, as_bytes(build_session_owner(owner))));
  std::string text = session.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return write_file(turn.session_file, as_bytes(text));
}

}  // namespace

Result<std::optional<TpmAuthorities>> authorities_of(const UnlockedVolume& volume) {
  DataHeader header = TRY(read_data_header(volume.metadata()));
  if (!header.tpm_authorities) return std::nullopt;
  Secret key = TRY(volume.derive_key(kTpmAuthorityLabel, 32));
  return TRY(open_tpm_authority_token(as_bytes(*header.tpm_authorities), key));
}

Result<TpmAuthorities> random_authorities() {
  Secret owner = TRY(random_secret(32));
  Secret lockout = TRY(random_secret(32));
  return TpmAuthorities{std::move(owner), std::move(lockout)};
}

Status finish(Turn& turn, Opened& opened) {
  DataHeader header = TRY(read_data_header(opened.volume.metadata()));
  auto user = header.users.find(opened.user);
  if (user == header.users.end()) user = header.users.begin();
  if (user != header.users.end() && user->second.token.tpm) {
    Status done = look_after(turn, opened.volume, *user->second.token.tpm);
    if (!done) TRY(tell_failure(turn, "/data is open, but the TPM could not be looked after", done.error()));
  }
  Status written = write_session_files(turn, opened, header);
  if (!written) TRY(tell_failure(turn, "/data is open, but the session does not know whose", written.error()));
  turn.prompter.show({.heading = "/data is open"});
  return {};
}

}  // namespace ashlar
