// What a page, a flag of the person's, or Chromium itself taken over might do. The real browser is started, without a
// window, and says what it made of a page.
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "prove/live/browser.h"

namespace ashlar::live {
namespace {

constexpr int kCrashPatience = 120'000;  // milliseconds, where the page's process is expected to end again and again

Outcome answer_of(const Ran& ran, const std::string& good, const std::string& bad) {
  if (ran.exec_error != 0) return broken("execve", ran.exec_error);
  if (ran.said.find(good) != ran.said.npos) return done();
  if (!bad.empty() && ran.said.find(bad) == ran.said.npos) return broken("the page did not show", 0);
  return refused("the page", 0);
}

Outcome web_assembly(const Ground& ground) {
  std::string page = page_in(ground, "document.body.append('says:' + typeof WebAssembly)");
  if (page.empty()) return broken("write the page");
  return answer_of(show(ground, {.page = page, .engine = ground.bare ? "--no-jitless" : "--jitless"}), "says:object",
                   "says:undefined");
}

// With the compiler on; a function is called until it is worth compiling.
Outcome compiler(const Ground& ground) {
  std::string page = page_in(ground,
                             "function f(n){let s=0;for(let i=0;i<n;i++)s+=i%7;return s}"
                             "let t=0;for(let i=0;i<300;i++)t+=f(1000);document.body.append('says:'+(t>0))");
  if (page.empty()) return broken("write the page");
  return answer_of(
      show(ground,
           {.page = page, .engine = "--no-jitless", .patience = ground.bare ? kBrowserPatience : kCrashPatience}),
      "says:true", "");
}

Outcome other_files(const Ground& ground) {
  return answer_of(show(ground, {.page = ground.home + kLetter}), kLetterText, "");
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
