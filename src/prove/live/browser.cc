#include "prove/live/browser.h"

#include <sys/stat.h>
#include <unistd.h>

namespace ashlar::live {

Ran show(const Ground& ground, const Shown& shown) {
  const std::string profile = ground.home + "/live-profile-" + std::to_string(::getpid());
  std::vector<std::string> arguments = {"--headless",
                                        "--ozone-platform=headless",
                                        "--disable-gpu",
                                        "--disable-software-rasterizer",
                                        "--ipc-connection-timeout=120",
                                        "--no-first-run",
                                        "--password-store=basic",
                                        "--js-flags=" + shown.engine,
                                        "--user-data-dir=" + profile,
                                        "--dump-dom",
                                        "file://" + shown.page};
  if (!shown.in_real_time) arguments.insert(arguments.begin(), "--virtual-time-budget=1000");
  // Where there are no sandboxes, Chromium has to be told that root means it.
  if (::geteuid() == 0) arguments.insert(arguments.begin(), "--no-sandbox");
  Ran ran = run({.path = "/usr/lib/chromium/chromium",
                 .arguments = std::move(arguments),
                 .environment = {"HOME=" + ground.home, "XDG_RUNTIME_DIR=" + ground.runtime},
                 .patience = shown.patience});
  add_processes_until_now();
  return ran;
}

std::string page_in(const Ground& ground, const std::string& script) {
  // Of the home the browser may read this.
  const std::string downloads = ground.home + "/Downloads";
  ::mkdir(downloads.c_str(), 0700);
  std::string path = downloads + "/live-page.html";
  return put(path, "<!doctype html><body><script>" + script + "</script></body>", 0644) ? path : "";
}

}  // namespace ashlar::live
