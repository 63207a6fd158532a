// What programs of the session tell the bar: datagrams in the form of sd_notify(3), sent by /usr/lib/ashlar/notify to
// $XDG_RUNTIME_DIR/bar. A line each:
//
//     NOTICE=text      shown for a while
//     WARNING=text     the same, for longer and in another colour
//     SOUND=1          the volume changed: look again
//     BRIGHTNESS=1     the screen's brightness changed: show it
#pragma once

#include <string>
#include <string_view>

namespace ashlar {

inline constexpr char kBarSocket[] = "bar";  // in $XDG_RUNTIME_DIR
inline constexpr std::size_t kLongestBarMessage = 1024;
inline constexpr std::size_t kLongestNotice = 90;  // characters

struct BarMessage {
  std::string notice;  // UTF-8 without control characters; empty: there is none
  bool warning = false;
  bool sound = false;
  bool brightness = false;

  bool operator==(const BarMessage&) const = default;
};

// Whoever sends is a program of the person's: what cannot be shown is left out, what is not known is passed over, and
// of several notices the last counts.
BarMessage parse_bar_message(std::string_view datagram);

}  // namespace ashlar
