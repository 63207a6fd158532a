#include "format/notify_message.h"

#include <algorithm>

namespace ashlar {
namespace {

constexpr std::size_t kLongestStatus = 80;

// What a terminal shows as it is: no control characters, so that nobody's status moves the cursor.
std::string printable(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text.substr(0, kLongestStatus), std::back_inserter(out),
                       [](char c) { return c >= ' ' && c <= '~'; });
  return out;
}

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
    if (line.starts_with(kStatus)) message.status = printable(line.substr(kStatus.size()));
  }
  return message;
}

}  // namespace ashlar
