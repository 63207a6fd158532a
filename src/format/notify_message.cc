#include "format/notify_message.h"

#include <algorithm>

#include "format/printable_line.h"

namespace ashlar {
namespace {

constexpr std::size_t kLongestStatus = 80;

}  // namespace

NotifyMessage parse_notify(std::string_view datagram) {
  NotifyMessage message;
  while (!datagram.empty()) {
    std::size_t end = std::min(datagram.find('\n'), datagram.size());
    std::string_view line = datagram.substr(0, end);
    datagram.remove_prefix(std::min(end + 1, datagram.size()));
    if (line == "READY=1") message.ready = true;
    if (line == "STOPPING=1") message.stopping = true;
    constexpr std::string_view kStatus = "STATUS=";
    if (line.starts_with(kStatus)) message.status = printable_line(line.substr(kStatus.size()), kLongestStatus);
  }
  return message;
}

}  // namespace ashlar
