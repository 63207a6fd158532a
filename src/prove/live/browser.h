// The real browser, started without a window, which says what it made of a page.
#pragma once

#include "prove/live/attack.h"

namespace ashlar::live {

inline constexpr int kBrowserPatience = 300'000;  // milliseconds

struct Shown {
  std::string page;                  // a file
  std::string engine = "--jitless";  // flags of V8's
  int patience = kBrowserPatience;
  bool in_real_time = false;  // a page that waits is waited for, and its clock is the machine's
};
// What the page's document is when its scripts have run.
Ran show(const Ground& ground, const Shown& shown);

// Writes a page with this script where the browser may read it; its path, empty when it cannot be written.
std::string page_in(const Ground& ground, const std::string& script);

}  // namespace ashlar::live
