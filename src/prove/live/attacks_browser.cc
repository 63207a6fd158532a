// What a page, a flag of the person's, or Chromium itself taken over might do. The real browser is started, without a
// window, and says what it made of a page.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "prove/live/attack.h"

namespace ashlar::live {
namespace {

constexpr char kBrowser[] = "/usr/lib/chromium/chromium";
constexpr int kPatience = 300'000;       // milliseconds
constexpr int kCrashPatience = 120'000;  // where the page's process is expected to end again and again

// What the page's document is when its scripts have run.
Ran show(const Ground& ground, const std::string& page, const std::string& engine_flags, int patience = kPatience) {
  const std::string profile = ground.home + "/live-profile-" + std::to_string(::getpid());
  std::vector<std::string> arguments = {"--headless",
                                        "--ozone-platform=headless",
                                        "--disable-gpu",
                                        "--disable-software-rasterizer",
                                        "--ipc-connection-timeout=120",
                                        "--no-first-run",
                                        "--password-store=basic",
                                        "--js-flags=" + engine_flags,
                                        "--user-data-dir=" + profile,
                                        "--virtual-time-budget=1000",
                                        "--dump-dom",
                                        "file://" + page};
  // Where there are no sandboxes, Chromium has to be told that root means it.
  if (::geteuid() == 0) arguments.insert(arguments.begin(), "--no-sandbox");
  Ran ran = run({.path = kBrowser,
                 .arguments = std::move(arguments),
                 .environment = {"HOME=" + ground.home, "XDG_RUNTIME_DIR=" + ground.runtime},
                 .patience = patience});
  add_processes_until_now();
  return ran;
}

Outcome answer_of(const Ran& ran, const std::string& good, const std::string& bad) {
  if (ran.exec_error != 0) return broken("execve", ran.exec_error);
  if (ran.said.find(good) != ran.said.npos) return done();
  if (!bad.empty() && ran.said.find(bad) == ran.said.npos) return broken("the page did not show", 0);
  return refused("the page", 0);
}

std::string page_in(const Ground& ground, const std::string& script) {
  // Of the home the browser may read this.
  const std::string downloads = ground.home + "/Downloads";
  ::mkdir(downloads.c_str(), 0700);
  std::string path = downloads + "/live-page.html";
  return put(path, "<!doctype html><body><script>" + script + "</script></body>", 0644) ? path : "";
}

Outcome web_assembly(const Ground& ground) {
  std::string page = page_in(ground, "document.body.append('says:' + typeof WebAssembly)");
  if (page.empty()) return broken("write the page");
  return answer_of(show(ground, page, ground.bare ? "--no-jitless" : "--jitless"), "says:object", "says:undefined");
}

// With the compiler on; a function is called until it is worth compiling.
Outcome compiler(const Ground& ground) {
  std::string page = page_in(ground,
                             "function f(n){let s=0;for(let i=0;i<n;i++)s+=i%7;return s}"
                             "let t=0;for(let i=0;i<300;i++)t+=f(1000);document.body.append('says:'+(t>0))");
  if (page.empty()) return broken("write the page");
  return answer_of(show(ground, page, "--no-jitless", ground.bare ? kPatience : kCrashPatience), "says:true", "");
}

Outcome other_files(const Ground& ground) {
  return answer_of(show(ground, ground.home + kLetter, "--jitless"), kLetterText, "");
}

// --- As if its code were somebody else's by now.
Outcome read_letter(const Ground& ground) {
  Fd letter(::open((ground.home + kLetter).c_str(), O_RDONLY | O_CLOEXEC));
  if (!letter.valid()) return refused("open");
  char text[sizeof kLetterText];
  return ::read(letter.get(), text, sizeof text) > 0 ? done() : refused("read");
}
Outcome run_program(const Ground&) {
  Ran ran = run({.path = "/usr/bin/true"});
  if (ran.exec_error != 0) return refused("execve", ran.exec_error);
  return ran.exited_with(0) ? done() : broken("true did not end with 0", 0);
}

}  // namespace

const std::vector<NamedAttack> kBrowserAttacks = {{"browser.wasm", web_assembly},
                                                  {"browser.jit", compiler},
                                                  {"browser.home", other_files},
                                                  {"browser.letter", read_letter},
                                                  {"browser.program", run_program}};

}  // namespace ashlar::live
