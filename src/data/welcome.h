// The first thing a machine without /data shows. Words only: the host draws the same page to tell that an image has
// come so far (src/cli/screen_ready.cc).
#pragma once

#include "data/prompt.h"

namespace ashlar {

inline Notice welcome_notice() {
  return {.heading = "Welcome",
          .lines = {{"", {"This machine has no /data yet: the place for everything you keep, encrypted."}}}};
}
// Restarting and turning off are offered behind them.
inline constexpr const char* kSetUp = "Set up this machine";
inline constexpr const char* kStartWithoutData = "Start without /data this time";

// The page of it, as it stands until somebody presses a key.
inline Page welcome_page(std::string_view version, std::string_view variant) {
  Page page = starting_page(version, variant);
  Notice notice = welcome_notice();
  page.heading = notice.heading;
  page.lines = notice.lines;
  page.choice = PageChoice{.label = kMenuLabel, .options = {kSetUp, kStartWithoutData, kMenuRestart, kMenuTurnOff}};
  page.footer = "Up, Down: move   Enter: take it";
  return page;
}

}  // namespace ashlar
