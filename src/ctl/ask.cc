#include "ctl/ask.h"

#include <sys/socket.h>
#include <sys/time.h>

#include "base/packet_socket.h"

namespace ashlar::ctl {
namespace {

constexpr timeval kPatience{20, 0};                          // with one packet
constexpr std::size_t kRoom = kLongestControlAnswer + 1024;  // bytes

Result<Fd> send_question(const std::string& path, const ControlQuestion& question) {
  Fd socket = TRY(connect_for_packets(path));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  const std::string packet = build_control_question(question);
  if (::send(socket.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0 && errno != EPIPE) {
    return fail_errno("ask at " + path);
  }
  return socket;
}

// Empty: the other side has ended.
Result<std::string> next_packet(const Fd& socket, const std::string& path) {
  std::string packet(kRoom, '\0');
  ssize_t size = 0;
  do size = ::recv(socket.get(), packet.data(), packet.size(), 0);
  while (size < 0 && errno == EINTR);
  if (size < 0 && errno == EAGAIN) return fail(path + " does not answer");
  if (size < 0 && errno != ECONNRESET) return fail_errno("read the answer of " + path);
  packet.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return packet;
}

// The first packet, which says what became of the question.
Result<std::string> first_packet(const Fd& socket, const std::string& path) {
  std::string packet = TRY(next_packet(socket, path));
  if (packet.empty()) return fail(path + " hung up: it answers root and the person of the session, and a few at once");
  ControlAnswer answer = TRY(parse_control_answer(packet));
  if (answer.outcome == Outcome::failed) return fail(std::move(answer.text));
  if (answer.outcome == Outcome::misused) return fail_misuse(std::move(answer.text));
  return std::move(answer.text);
}

}  // namespace

Result<std::string> ask(const std::string& socket, const ControlQuestion& question) {
  Fd connection = TRY(send_question(socket, question));
  return first_packet(connection, socket);
}

Status ask_for_much(const std::string& socket, const ControlQuestion& question,
                    const std::function<Status(std::string_view)>& take) {
  Fd connection = TRY(send_question(socket, question));
  std::string packet = TRY(first_packet(connection, socket));
  for (;;) {
    TRY(take(packet));
    packet = TRY(next_packet(connection, socket));
    if (packet.empty()) return {};
  }
}

}  // namespace ashlar::ctl
