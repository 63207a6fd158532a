// QEMU's control protocol (QMP): JSON objects, one a line, over a stream socket. Answers come in the order of the
// commands; events may come at any time and are kept until somebody takes them.
#pragma once

#include <nlohmann/json.hpp>

#include <deque>
#include <optional>
#include <string>

#include "base/fd.h"
#include "vm/wait.h"

namespace ashlar::vm {

struct QmpEvent {
  std::string name;  // RESET, SHUTDOWN, GUEST_PANICKED, ...
  nlohmann::json data;
};

class QmpClient {
 public:
  // Takes the greeting and leaves negotiation mode. An error when the other side is not QEMU, closes, or is silent.
  static Result<QmpClient> connect(Fd socket, Deadline deadline);

  // Runs one command and returns its "return" member; an error that quotes QEMU's description otherwise.
  Result<nlohmann::json> execute(const std::string& command, const nlohmann::json& arguments, Deadline deadline);
  Result<nlohmann::json> execute(const std::string& command, Deadline deadline);

  // Reads what has arrived without waiting. An error when the other side closed or spoke something else.
  Status receive();
  // The oldest event that nobody has taken yet.
  std::optional<QmpEvent> take_event();

  [[nodiscard]] const Fd& socket() const { return socket_; }

 private:
  explicit QmpClient(Fd socket) : socket_(std::move(socket)) {}
  Status send(const nlohmann::json& message, Deadline deadline);
  // Takes the complete lines off pending_, whose first `seen` bytes are known to hold no line end.
  Status parse_lines(std::size_t seen);
  Result<nlohmann::json> next_answer(Deadline deadline);

  Fd socket_;
  std::string pending_;  // an incomplete line
  std::deque<nlohmann::json> answers_;
  std::deque<QmpEvent> events_;
  int next_id_ = 1;
};

}  // namespace ashlar::vm
