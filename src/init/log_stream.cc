#include "init/log_stream.h"

#include <sys/socket.h>

#include <algorithm>

#include "base/packet_socket.h"

namespace ashlar {
namespace {

constexpr std::size_t kPart = 4096;  // bytes of output in a packet
constexpr int kPartsAtOnce = 64;     // the others of PID 1's loop have their turn after that many

}  // namespace

bool LogStream::hand_over(const Fd& connection, const LogRequest& request) const noexcept {
  return logger_.valid() && send_packet(logger_, build_log_request(request), connection);
}

LogStream::Sent LogStream::send(const Supervisor& supervisor, ServiceNumber number) {
  if (supervisor.services()[number].output().written() == sent_[number]) return Sent::nothing;
  OutputPart part = supervisor.output_of(number, sent_[number], kPart);
  std::string packet = build_output_part(part);
  if (::send(logger_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return Sent::blocked;
  sent_[number] = part.begin + part.bytes.size();
  return Sent::part;
}

bool LogStream::pump(const Supervisor& supervisor) noexcept {
  if (!logger_.valid()) return false;
  const auto count = static_cast<ServiceNumber>(supervisor.services().size());
  sent_.resize(count);
  int parts = 0;
  for (bool more = true; more && parts < kPartsAtOnce;) {
    more = false;
    for (ServiceNumber number = 0; number < count; ++number) {
      Sent result = send(supervisor, number);
      if (result == Sent::blocked) return true;  // also where it hung up: the socket says so when it is looked at
      if (result == Sent::part) ++parts;
      more |= result == Sent::part;
    }
  }
  return !is_drained(supervisor);
}

bool LogStream::is_drained(const Supervisor& supervisor) const noexcept {
  return std::ranges::equal(sent_, supervisor.services(), {}, {},
                            [](const Service& service) { return service.output().written(); });
}

}  // namespace ashlar
