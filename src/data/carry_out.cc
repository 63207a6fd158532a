#include "data/carry_out.h"

#include "data/asking.h"
#include "data/expected_change.h"
#include "data/explanations.h"
#include "data/homes.h"
#include "data/password_quality.h"
#include "data/printable.h"
#include "data/requests.h"

namespace ashlar {
namespace {

enum class Outcome { done, later, dropped };

class CarryOut {
 public:
  CarryOut(Turn& turn, Opened& opened) : turn_(turn), opened_(opened), homes_(turn.storage) {}

  Result<Outcome> operator()(const AddUser& request) {
    Outcome agreed = TRY(agree({.heading = "Add a user: " + request.name,
                                .lines = {{"", {request.name + " gets a password and a home of their own."}}}},
                               "Add " + request.name));
    if (agreed != Outcome::done) return agreed;
    DataHeader header = TRY(read_data_header(opened_.volume.metadata()));
    if (header.users.empty()) return fail("nobody has a password for /data");
    unsigned user = 1;
    while (header.users.contains(user) || homes_.holds_files(user)) ++user;
    if (user > kUsers) return fail("there are eight users already");
    const UserToken& like = model(header);
    std::optional<Secret> typed = TRY(ask_new(request.name, like));
    if (!typed) return Outcome::later;
    turn_.prompter.show({.heading = "Adding " + request.name});
    StretchedPassword password = TRY(stretch_anew(*typed, like.password));
    // The home first. An empty one whose user has no keyslot is an interrupted attempt's.
    if (homes_.get(user)) TRY(homes_.remove(user));
    TRY(homes_.create(user, request.name, {password.parameters, password.keys.home}));
    UserRecord record = TRY(homes_.get(user));
    Result<std::optional<Secret>> enrolled = enrol_like(like, user, password);
    std::ignore = homes_.close(record);  // open while it was made; its person is not here
    TRY(std::move(enrolled));
    return Outcome::done;
  }

  Result<Outcome> operator()(const RemoveUser& request) {
    std::string name = TRY(name_of(request.user));
    DataHeader header = TRY(read_data_header(opened_.volume.metadata()));
    auto user = header.users.find(request.user);
    if (request.user == opened_.user) {
      return fail(name + " has unlocked this start: somebody else must, for " + name + " to be removed");
    }
    if (user != header.users.end() && header.users.size() == 1) return fail(name + " is the only user");
    Outcome agreed =
        TRY(agree({.heading = "Remove " + name,
                   .tone = Tone::notice,
                   .lines = {{"", {"The home of " + name + " is deleted, with everything in it, for good."}}}},
                  "Remove " + name, 1));
    if (agreed != Outcome::done) return agreed;
    turn_.prompter.show({.heading = "Removing " + name});
    if (user != header.users.end()) TRY(expel(opened_.volume, user->second));
    TRY(homes_.remove(request.user));
    return Outcome::done;
  }

  Result<Outcome> operator()(const ChangePassword& request) {
    DataHeader header = TRY(read_data_header(opened_.volume.metadata()));
    auto user = header.users.find(request.user);
    if (user == header.users.end()) return fail("u" + std::to_string(request.user) + " has no password to change");
    UserRecord record = TRY(homes_.get(request.user));
    Outcome agreed = TRY(agree({.heading = "A new password for " + record.name}, "Choose a new password"));
    if (agreed != Outcome::done) return agreed;
    bool own = request.user == opened_.user && opened_.password;
    std::optional<StretchedPassword> other;
    if (!own) other = TRY(ask_present(record, user->second.token));
    if (!own && !other) return Outcome::later;
    const StretchedPassword& present = own ? *opened_.password : *other;
    std::optional<Secret> typed = TRY(ask_new(record.name, user->second.token));
    if (!typed) return Outcome::later;
    turn_.prompter.show({.heading = "Changing the password"});
    StretchedPassword password = TRY(stretch_anew(*typed, present.parameters));
    // Home, volume, home: after a power cut the home opens with whichever password the volume opens with.
    TRY(homes_.add_password(request.user, present.keys.home, {password.parameters, password.keys.home}));
    std::optional<Secret> secret = TRY(enrol_like(user->second.token, request.user, password));
    TRY(homes_.keep_only(request.user, password.parameters));
    if (own) {
      opened_.password = std::move(password);
      opened_.tpm_secret = std::move(secret);
    }
    return Outcome::done;
  }

  Result<Outcome> operator()(const ExpectChange&) {
    Notice notice{
        .heading = "A change of the firmware is announced",
        .lines = {{"", {"The next start, and only that, accepts whatever firmware and Secure Boot keys it finds."}},
                  {"", {"It takes your password. Make the change between now and then."}}}};
    Outcome agreed = TRY(agree(notice, "Expect a change"));
    if (agreed != Outcome::done) return agreed;
    TRY(expect_change(turn_, opened_));
    return Outcome::done;
  }

 private:
  Result<Outcome> agree(const Notice& notice, const std::string& yes, std::size_t preselected = 0) {
    std::size_t chosen = TRY(menu(turn_.prompter, notice, {yes, "Not now", "Never"}, preselected));
    return chosen == 0 ? Outcome::done : chosen == 1 ? Outcome::later : Outcome::dropped;
  }

  // Whose way of opening a new user's follows: the one who stands here.
  [[nodiscard]] const UserToken& model(const DataHeader& header) const {
    auto user = header.users.find(opened_.user);
    return (user == header.users.end() ? header.users.begin() : user)->second.token;
  }

  Result<std::optional<Secret>> enrol_like(const UserToken& like, unsigned user, const StretchedPassword& password) {
    if (!like.tpm) return enrol(opened_.volume, user, password, nullptr);
    SealingTpm tpm = TRY(sealing_tpm(turn_, like.tpm->storage_key));
    return enrol(opened_.volume, user, password, &tpm);
  }

  Result<std::optional<Secret>> ask_new(const std::string& name, const UserToken& like) {
    return ask_new_password(turn_.prompter, {.notice = {.heading = "A password for " + name},
                                             .least_bits = like.tpm ? kLeastBitsWithTpm : kLeastBitsWithoutTpm,
                                             .name = name,
                                             .cancel = "not now"});
  }

  // The present password of somebody who did not unlock this start, checked against the home: it costs the TPM no try.
  Result<std::optional<StretchedPassword>> ask_present(const UserRecord& record, const UserToken& token) {
    Question question{
        .notice = {.heading = "The present password of " + record.name}, .label = kPasswordLabel, .cancel = "not now"};
    for (;;) {
      std::optional<Secret> typed = TRY(ask_password(turn_.prompter, question));
      if (!typed) return std::nullopt;
      turn_.prompter.show({.heading = "Checking the password"});
      StretchedPassword password = TRY(stretch(*typed, token.password));
      // Nothing is opened for it, nor closed: with `data apply` its person may be at work.
      if (Homes::check(record, password.keys.home)) return password;
      question.remark = wrong_password_remark(std::nullopt);
    }
  }

  Result<std::string> name_of(unsigned user) {
    for (const UserRecord& record : TRY(homes_.list())) {
      if (record.user == user) return record.name;
    }
    return "u" + std::to_string(user);
  }

  Turn& turn_;
  Opened& opened_;
  Homes homes_;
};

}  // namespace

Status carry_out_requests(Turn& turn, Opened& opened) {
  Result<Queue> queue = read_queue(turn.storage.root());
  if (!queue) return tell_failure(turn, "What was asked for cannot be read", queue.error());
  for (const std::string& damaged : queue->damaged) turn.log("ashlar: data: not a request: " + printable(damaged));
  for (const QueuedRequest& queued : queue->requests) {
    Result<Outcome> outcome = std::visit(CarryOut(turn, opened), queued.request);
    if (!outcome) {
      if (outcome.error().kind<TurnEnd>()) return std::unexpected(std::move(outcome).error());
      if (outcome.error().kind<TpmFailure>() == TpmFailure::interrupted) turn.tpm.give_up();
      TRY(tell_failure(turn, "What was asked for could not be done", outcome.error()));
      continue;
    }
    if (*outcome == Outcome::later) continue;
    Status dropped = drop_request(turn.storage.root(), queued.number);
    if (!dropped) TRY(tell_failure(turn, "It will be asked for again", dropped.error()));
  }
  return {};
}

}  // namespace ashlar
