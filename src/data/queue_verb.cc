#include "data/queue_verb.h"

#include <algorithm>

#include "data/data_header.h"
#include "data/data_status.h"
#include "data/homes.h"

namespace ashlar {
namespace {

Result<unsigned> account_of(std::string_view argument) {
  Result<unsigned> user = parse_account_name(argument);
  if (!user) return fail_misuse("\"" + std::string(argument) + "\" is no account: there are u1 to u8");
  return user;
}

template <typename Kind>
bool waits(const Queue& queue) {
  return std::ranges::any_of(queue.requests,
                             [](const auto& queued) { return std::holds_alternative<Kind>(queued.request); });
}

// Can it be done at all? Asked again, with more known, when it is carried out.
class Check {
 public:
  Check(Storage& storage, const Queue& queue) : storage_(storage), homes_(storage), queue_(queue) {}

  Status operator()(const AddUser&) {
    std::size_t users = TRY(homes_.list()).size();
    auto adds = [](const auto& queued) { return std::holds_alternative<AddUser>(queued.request); };
    users += static_cast<std::size_t>(std::ranges::count_if(queue_.requests, adds));
    if (users >= kUsers) {
      return fail("this machine has its eight users, those among them that wait for the next start: remove one first");
    }
    return {};
  }
  Status operator()(const RemoveUser& remove) {
    TRY(homes_.get(remove.user));
    if (TRY(homes_.list()).size() == 1) {
      return fail(account_name(remove.user) + " is the only user: nobody's password would open /data");
    }
    return {};
  }
  Status operator()(const ChangePassword& change) {
    TRY(homes_.get(change.user));
    return {};
  }
  Status operator()(const ExpectChange&) {
    DataPartition partition = TRY(storage_.find_partition());
    Volume volume = TRY(Volume::load(partition.device));
    DataHeader header = TRY(read_data_header(volume.metadata()));
    auto sealed = [](const auto& entry) { return entry.second.token.tpm.has_value(); };
    if (std::ranges::any_of(header.users, sealed)) return {};
    return fail("/data was set up without a TPM: nothing of it depends on the firmware, which may change at any time");
  }

 private:
  Storage& storage_;
  Homes homes_;
  const Queue& queue_;
};

std::string confirmation(const Request& request, bool new_one) {
  const bool announces = std::holds_alternative<ExpectChange>(request);
  std::string text = (new_one ? "Waits for the next start: " : "Waits for the next start already: ") +
                     words_of_request(request) + ".\n";
  if (announces) {
    return text + "Restart, enter the password, and then change the firmware: the start after that lets it through.\n";
  }
  return text + "It is done once /data was opened there. `ashlarctl data apply` does it now, with the recovery key.\n";
}

}  // namespace

Result<Request> parse_queue_arguments(std::span<const std::string_view> arguments) {
  const std::string_view kind = arguments.empty() ? std::string_view() : arguments.front();
  const bool plain = kind == "expect-change";
  if (!plain && kind != "add-user" && kind != "remove-user" && kind != "change-password") {
    return fail_misuse("what waits for a start is add-user NAME, remove-user uN, change-password uN or expect-change");
  }
  if (arguments.size() != (plain ? 1 : 2)) {
    return fail_misuse(std::string(kind) + (plain ? " takes nothing more" : " takes one word more"));
  }
  if (plain) return ExpectChange{};
  if (kind == "add-user") {
    Status good = check_person_name(arguments[1]);
    if (!good) return fail_misuse("\"" + std::string(arguments[1]) + "\": " + good.error().message());
    return AddUser{std::string(arguments[1])};
  }
  unsigned user = TRY(account_of(arguments[1]));
  if (kind == "remove-user") return RemoveUser{user};
  return ChangePassword{user};
}

Result<std::string> queue_request(Storage& storage, const Request& request) {
  TRY(require_open(storage));
  Queue queue = TRY(read_queue(storage.root()));
  if (std::ranges::find(queue.requests, request, &QueuedRequest::request) != queue.requests.end()) {
    return confirmation(request, false);
  }
  TRY(std::visit(Check(storage, queue), request));
  TRY(in("leave it for the next start", enqueue(storage.root(), request)));
  return confirmation(request, true);
}

}  // namespace ashlar
