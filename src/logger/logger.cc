#include "logger/logger.h"

#include <sys/socket.h>

#include <algorithm>

#include "format/control_message.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

constexpr LogTime kPatience = 10s;          // with who reads
constexpr std::size_t kPacket = 48 * 1024;  // bytes of an answer

std::string stamp(LogTime now) {
  std::string seconds = std::to_string(now.count() / 1000);
  std::string thousandths = std::to_string(now.count() % 1000);
  return "[" + std::string(5 - std::min<std::size_t>(5, seconds.size()), ' ') + seconds + "." +
         std::string(3 - thousandths.size(), '0') + thousandths + "] ";
}

}  // namespace

std::string with_times(std::string_view text, LogTime now, bool& at_line_start) {
  std::string out;
  for (char c : text) {
    if (at_line_start) out += stamp(now);
    out += c;
    at_line_start = c == '\n';
  }
  return out;
}

void Logger::take(std::string_view packet, Fd connection, LogTime now) {
  Result<LogMessage> message = parse_log_message(packet);
  if (!message) return tell_(message.error().message());
  if (const OutputPart* part = std::get_if<OutputPart>(&*message)) return keep(*part, now);
  if (connection.valid()) answer(std::get<LogRequest>(*message), std::move(connection), now);
}

void Logger::keep(const OutputPart& part, LogTime now) {
  Position& position = positions_[part.service + "." + std::to_string(part.user)];
  std::string text;
  if ((position.known || store_.is_new()) && part.begin > position.at) {
    if (!position.at_line_start) text += "\n";
    position.at_line_start = true;
    text += with_times("ashlar: " + std::to_string(part.begin - position.at) + " bytes are missing here\n", now,
                       position.at_line_start);
  }
  text += with_times(part.bytes, now, position.at_line_start);
  position.at = part.begin + part.bytes.size();
  position.known = true;
  if (Status kept = store_.append(part.service, part.user, text); !kept) tell_(kept.error().message());
}

void Logger::answer(const LogRequest& request, Fd connection, LogTime now) {
  if (readers_.size() >= kReaders) return;
  Result<std::string> kept = store_.read(request);
  std::string text =
      kept ? build_control_answer(Outcome::done, *kept) : build_control_answer(Outcome::failed, kept.error().message());
  readers_.push_back({.connection = std::move(connection), .rest = std::move(text), .until = now + kPatience});
  serve_readers(now);
}

void Logger::serve_readers(LogTime now) {
  for (auto reader = readers_.begin(); reader != readers_.end();) {
    bool gone = now >= reader->until;
    while (!gone && !reader->rest.empty()) {
      ssize_t sent = ::send(reader->connection.get(), reader->rest.data(), std::min(reader->rest.size(), kPacket),
                            MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0) {
        gone = errno != EAGAIN && errno != EINTR;
        break;
      }
      reader->rest.erase(0, static_cast<std::size_t>(sent));
    }
    reader = gone || reader->rest.empty() ? readers_.erase(reader) : std::next(reader);
  }
}

}  // namespace ashlar
