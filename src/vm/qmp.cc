#include "vm/qmp.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace ashlar::vm {
namespace {

using Json = nlohmann::json;

// QEMU's longest answers are a few hundred KiB.
constexpr std::size_t kLongestLine = std::size_t{4} << 20;
constexpr std::size_t kMostKept = 100000;

std::string text_of(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Status wait_until(const Fd& socket, short events, Deadline deadline, std::string_view what) {
  for (;;) {
    pollfd polled{socket.get(), events, 0};
    int ready = ::poll(&polled, 1, deadline.left());
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_errno("poll");
    if (deadline.passed()) return fail("QEMU " + std::string(what) + " in time");
  }
}

}  // namespace

Result<QmpClient> QmpClient::connect(Fd socket, Deadline deadline) {
  QmpClient client(std::move(socket));
  Json greeting = TRY(in("QMP greeting", client.next_answer(deadline)));
  if (!greeting.contains("QMP")) return fail("QMP greeting: not from QEMU: " + text_of(greeting).substr(0, 200));
  TRY(client.execute("qmp_capabilities", deadline));
  return client;
}

Result<Json> QmpClient::execute(const std::string& command, Deadline deadline) {
  return execute(command, Json::object(), deadline);
}

Result<Json> QmpClient::execute(const std::string& command, const Json& arguments, Deadline deadline) {
  const int id = next_id_++;
  std::string what = "QMP " + command;
  TRY(in(what, send({{"execute", command}, {"arguments", arguments}, {"id", id}}, deadline)));
  for (;;) {
    Json answer = TRY(in(what, next_answer(deadline)));
    // The answer to an earlier command that nobody waited for to the end.
    if (auto told = answer.find("id"); told != answer.end() && told->is_number_integer() && *told < id) continue;
    if (auto error = answer.find("error"); error != answer.end()) {
      bool described = error->is_object() && error->contains("desc") && (*error)["desc"].is_string();
      return fail(what + ": " + (described ? (*error)["desc"].get<std::string>() : text_of(*error)));
    }
    if (answer.value("id", Json()) != id || !answer.contains("return")) {
      return fail(what + ": unexpected answer " + text_of(answer).substr(0, 200));
    }
    return answer["return"];
  }
}

Status QmpClient::send(const Json& message, Deadline deadline) {
  std::string line = text_of(message) + "\n";
  std::string_view rest = line;
  while (!rest.empty()) {
    ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      TRY(wait_until(socket_, POLLOUT, deadline, "did not take a command"));
    } else if (errno != EINTR) {
      return fail_errno("send");
    }
  }
  return {};
}

Result<Json> QmpClient::next_answer(Deadline deadline) {
  while (answers_.empty()) {
    TRY(wait_until(socket_, POLLIN, deadline, "did not answer"));
    Status received = receive();  // what came before the connection ended still counts
    if (!received && answers_.empty()) return std::unexpected(std::move(received).error());
  }
  Json answer = std::move(answers_.front());
  answers_.pop_front();
  return answer;
}

Status QmpClient::receive() {
  std::array<char, 65536> buffer{};
  for (;;) {
    ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return {};
    if (got < 0) return fail_errno("receive");
    if (got == 0) return fail("QEMU closed its control connection");
    std::size_t seen = pending_.size();
    pending_.append(buffer.data(), static_cast<std::size_t>(got));
    TRY(parse_lines(seen));
  }
}

Status QmpClient::parse_lines(std::size_t seen) {
  std::size_t start = 0;
  for (std::size_t end; (end = pending_.find('\n', std::max(start, seen))) != std::string::npos; start = end + 1) {
    std::string_view line = std::string_view(pending_).substr(start, end - start);
    if (line.empty() || line == "\r") continue;
    Json message = Json::parse(line, nullptr, false);
    if (!message.is_object())
      return fail("QEMU sent something that is not a QMP message: " + std::string(line.substr(0, 200)));
    if (answers_.size() + events_.size() >= kMostKept) return fail("QEMU sends more than anybody asked for");
    if (auto event = message.find("event"); event != message.end() && event->is_string()) {
      events_.push_back({event->get<std::string>(), message.value("data", Json::object())});
    } else {
      answers_.push_back(std::move(message));
    }
  }
  pending_.erase(0, start);
  if (pending_.size() > kLongestLine) return fail("QEMU sent a line without end");
  return {};
}

std::optional<QmpEvent> QmpClient::take_event() {
  if (events_.empty()) return std::nullopt;
  QmpEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace ashlar::vm
