#include "data/requests.h"

#include <algorithm>
#include <charconv>

#include "data/durable_file.h"
#include "data/strict_json.h"
#include "data/users.h"

namespace ashlar {
namespace {

constexpr std::size_t kLargestRequest = 4096;  // bytes; ours have less than 200
constexpr std::size_t kMostRequests = 32;      // what a person can be asked at one start
constexpr unsigned kLastNumber = 999'999'999;
constexpr std::string_view kSuffix = ".json";

fs::path queue_of(const fs::path& root) { return root / "ashlar/requests"; }
fs::path file_of(const fs::path& root, unsigned number) {
  return queue_of(root) / (std::to_string(number) + std::string(kSuffix));
}

template <typename... Case>
struct Cases : Case... {
  using Case::operator()...;
};

Json json_of(const Request& request) {
  return std::visit(
      Cases{
          [](const AddUser& add) -> Json { return {{"version", 1}, {"request", "add-user"}, {"name", add.name}}; },
          [](const RemoveUser& remove) -> Json {
            return {{"version", 1}, {"request", "remove-user"}, {"user", account_name(remove.user)}};
          },
          [](const ChangePassword& change) -> Json {
            return {{"version", 1}, {"request", "change-password"}, {"user", account_name(change.user)}};
          },
          [](const ExpectChange&) -> Json { return {{"version", 1}, {"request", "expect-change"}}; },
      },
      request);
}

Result<Request> request_of(const Json& json) {
  if (!json.is_object() || !json.contains("request")) return fail("it names no request");
  std::string kind = TRY(text_at(json, "request"));
  if (kind == "expect-change") {
    TRY(has_exactly(json, {"version", "request"}, "it"));
    return ExpectChange{};
  }
  if (kind == "add-user") {
    TRY(has_exactly(json, {"version", "request", "name"}, "it"));
    AddUser add{TRY(text_at(json, "name"))};
    TRY(check_person_name(add.name));
    return add;
  }
  if (kind != "remove-user" && kind != "change-password") return fail("of a kind that is not known");
  TRY(has_exactly(json, {"version", "request", "user"}, "it"));
  unsigned user = TRY(parse_account_name(TRY(text_at(json, "user"))));
  if (kind == "remove-user") return RemoveUser{user};
  return ChangePassword{user};
}

Result<Request> parse(ByteView bytes) {
  if (bytes.size() > kLargestRequest) return fail("too long");
  Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded()) return fail("not JSON");
  Request request = TRY(request_of(json));
  // One text for each content: another version and numbers like 1.0 show here.
  if (json_of(request).dump() != json.dump()) return fail("in another form than ours");
  return request;
}

// "12.json" is 12; nullopt for what enqueue() does not write.
std::optional<unsigned> number_of(std::string_view name) {
  if (!name.ends_with(kSuffix) || name.starts_with('0')) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  unsigned number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number > kLastNumber) return std::nullopt;
  return number;
}

// What write_file() leaves when the power is cut in the middle of it: "12.json.XXXXXX". Never whole, never meant.
bool is_stray(std::string_view name) {
  std::size_t suffix = name.rfind('.');
  return suffix != std::string_view::npos && number_of(name.substr(0, suffix)).has_value();
}

Status check(const Request& request) {
  if (const auto* add = std::get_if<AddUser>(&request)) return check_person_name(add->name);
  return {};
}

}  // namespace

std::string build_request(const Request& request) { return json_of(request).dump(); }

Result<Request> parse_request(ByteView json) { return in("a request", parse(json)); }

Result<Queue> read_queue(const fs::path& root) {
  Queue queue;
  std::error_code error;
  fs::directory_iterator entry(queue_of(root), error);
  if (error == std::errc::no_such_file_or_directory) return queue;  // nobody ever asked for anything
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (is_stray(name)) continue;
    std::optional<unsigned> number = number_of(name);
    std::error_code ignored;
    bool plain = number && entry->symlink_status(ignored).type() == fs::file_type::regular;
    Result<Bytes> json = plain ? read_file(entry->path(), kLargestRequest) : fail("no request");
    Result<Request> request = json ? parse_request(*json) : std::unexpected(std::move(json).error());
    if (request) {
      queue.requests.push_back({*number, std::move(*request)});
    } else {
      queue.damaged.push_back(std::move(name));
    }
  }
  if (error) return fail_errno("read " + queue_of(root).string(), error.value());
  std::ranges::sort(queue.requests, {}, &QueuedRequest::number);
  std::ranges::sort(queue.damaged);
  return queue;
}

Result<unsigned> enqueue(const fs::path& root, const Request& request) {
  TRY(check(request));
  fs::path directory = queue_of(root);
  TRY(make_directory(directory, 0700));
  // Two who ask at the same time get a number each.
  Fd lock = TRY(open_file(directory, O_RDONLY | O_DIRECTORY));
  TRY(lock_exclusively(lock, directory));
  unsigned last = 0;
  std::size_t waiting = 0;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (is_stray(name)) fs::remove(entry->path(), error);
    std::optional<unsigned> number = number_of(name);
    if (!number) continue;
    last = std::max(last, *number);
    ++waiting;
  }
  if (error) return fail_errno("read " + directory.string(), error.value());
  if (waiting >= kMostRequests || last >= kLastNumber) {
    return fail("too many requests wait for the next start: restart the machine first");
  }
  TRY(write_durably(file_of(root, last + 1), as_bytes(build_request(request)), 0600));
  return last + 1;
}

Status drop_request(const fs::path& root, unsigned number) { return delete_durably(file_of(root, number)); }

}  // namespace ashlar
