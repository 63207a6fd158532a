// What a service tells of itself: sd_notify(3)'s datagrams.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ashlar {

inline constexpr std::size_t kLongestNotifyMessage = 4096;  // bytes

struct NotifyMessage {
  bool ready = false;
  bool stopping = false;
  std::string status;  // one line for people, printable, at most 80 bytes; empty: says nothing of it
};

// Lines NAME=VALUE. Names nobody here knows, lines without a name and bytes that cannot be shown are passed over: a
// service may speak to newer supervisors than this one.
NotifyMessage parse_notify(std::string_view datagram);

}  // namespace ashlar
