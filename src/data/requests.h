// What waits for the next start, because it needs the volume key or a password at the prompt:
// ROOT/ashlar/requests/N.json, written by `ashlarctl`, carried out by the unlocking program once the volume is open and
// before PCR 15 is extended. Nothing in a request is secret, and none is believed blindly: each is put to the person at
// the prompt.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/fd.h"

namespace ashlar {

struct AddUser {
  std::string name;
  bool operator==(const AddUser&) const = default;
};
struct RemoveUser {
  unsigned user;
  bool operator==(const RemoveUser&) const = default;
};
struct ChangePassword {
  unsigned user;
  bool operator==(const ChangePassword&) const = default;
};
// Firmware or Secure Boot keys will change before the start after the next: that one start is let through with what the
// TPM then shows, and is enrolled.
struct ExpectChange {
  bool operator==(const ExpectChange&) const = default;
};
using Request = std::variant<AddUser, RemoveUser, ChangePassword, ExpectChange>;

struct QueuedRequest {
  unsigned number;
  Request request;
};

// {"version": 1, "request": "add-user", "name": "Berta"}, "remove-user" and "change-password" with "user": "u2",
// "expect-change".
std::string build_request(const Request& request);
Result<Request> parse_request(ByteView json);

// In the order they were made. `root`: /data. Files that are no requests are left alone and reported in `damaged`.
struct Queue {
  std::vector<QueuedRequest> requests;
  std::vector<std::string> damaged;
};
Result<Queue> read_queue(const fs::path& root);
// Under its final name only when whole. Gives its number.
Result<unsigned> enqueue(const fs::path& root, const Request& request);
Status drop_request(const fs::path& root, unsigned number);

}  // namespace ashlar
