// What is done again and again, and timed: no attacks, but led to their places as attacks are. `ashlar bench --layers`
// asks for them. Where it ends well, the step is "COUNT NANOSECONDS".
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include "base/fd.h"
#include "format/user_accounts.h"
#include "prove/live/browser.h"

namespace ashlar::live {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLong = std::chrono::seconds(5);
constexpr unsigned kWarmUp = 20;  // pages read, entries made, decisions cached
constexpr unsigned kPerson = 1;

Outcome took(std::uint64_t count, std::chrono::nanoseconds time) {
  return {Outcome::End::done, 0, std::to_string(count) + " " + std::to_string(time.count())};
}

// The clock is read once in `batch`, so that it is a small part of the whole.
template <typename Once>
Outcome repeat(unsigned batch, Once once) {
  for (unsigned i = 0; i < kWarmUp; ++i) {
    if (!once()) return broken("the first try");
  }
  const Clock::time_point started = Clock::now();
  std::uint64_t count = 0;
  Clock::duration time{};
  while (time < kLong) {
    for (unsigned i = 0; i < batch; ++i, ++count) {
      if (!once()) return broken("one of many tries");
    }
    time = Clock::now() - started;
  }
  return took(count, time);
}

// From fork to the end of a program.
bool execute_once() {
  constexpr char kProgram[] = "/usr/bin/true";
  pid_t child = ::fork();
  if (child == 0) {
    ::execl(kProgram, kProgram, nullptr);
    ::_exit(127);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

// A file of the root: opened, read and closed.
bool read_once() {
  std::array<char, 4096> content{};
  Fd file(::open("/usr/share/ashlar/welcome/index.html", O_RDONLY | O_CLOEXEC));
  return file.valid() && ::read(file.get(), content.data(), content.size()) > 0;
}

Outcome execute(const Ground&) { return repeat(1, execute_once); }
Outcome open_and_read(const Ground&) { return repeat(16, read_once); }

// Calls, properties, strings, sorting, typed arrays, regular expressions, the document: about as long each. The browser
// tells the time.
constexpr char kScript[] = R"(
var start=performance.now(),sum=0;
function fib(n){return n<2?n:fib(n-1)+fib(n-2)}
class P{constructor(x){this.x=x}step(k){this.x=(this.x*31+k)%65521;return this.x}}
for(var z=0;z<8;z++){
sum+=fib(18);
var ps=[];for(var i=0;i<50;i++)ps.push(new P(i));
for(var r=0;r<60;r++)for(var p of ps)sum+=p.step(r);
var s='';for(var i=0;i<4000;i++)s+=String.fromCharCode(97+i%26);
var m=new Map();for(var i=0;i+3<s.length;i++){var k=s.slice(i,i+3);m.set(k,(m.get(k)||0)+1)}
var a=[];for(var i=0;i<1500;i++)a.push((i*7919)%1009);a.sort(function(x,y){return x-y});
var t=new Uint32Array(4096);for(var r=0;r<3;r++)for(var i=1;i<4096;i++)t[i]=t[i-1]*1664525+1013904223;
var found=0;for(var i=0;i<100;i++)found+=(s.match(/x[yz]+a?b/g)||[]).length;
for(var i=0;i<200;i++){var e=document.createElement('p');e.textContent='row '+i;document.body.appendChild(e)}
sum+=document.body.offsetHeight+found+m.size+a[7]+t[9];
document.body.textContent=''}
document.body.textContent='took:'+Math.round((performance.now()-start)*1000)+':'+(sum>0);
)";

Status hide_browser_policies() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", "/etc/chromium/policies", "tmpfs", 0, "mode=0755") != 0) {
    return fail_errno("hide the browser's policies");
  }
  return {};
}

// A browser of root's would have no sandbox of its own.
Status become_person(const Ground& ground) {
  const auto id = account_id(kPerson);
  if (::chown(ground.home.c_str(), id, id) != 0 || ::setgroups(0, nullptr) != 0 || ::setresgid(id, id, id) != 0 ||
      ::setresuid(id, id, id) != 0) {
    return fail_errno("become the person");
  }
  return {};
}

enum class Engine { interprets, compiles };
Outcome page(const Ground& ground, Engine engine) {
  if (ground.bare) {
    Status ready = engine == Engine::compiles ? hide_browser_policies() : Status();
    if (ready) ready = become_person(ground);
    if (!ready) return broken(ready.error().message(), 0);
  }
  const std::string path = page_in(ground, kScript);
  if (path.empty()) return broken("write the page");
  Ran ran =
      show(ground,
           {.page = path, .engine = engine == Engine::compiles ? "--no-jitless" : "--jitless", .in_real_time = true});
  if (ran.exec_error != 0) return broken("execve", ran.exec_error);
  constexpr std::string_view kTook = "took:";
  const std::size_t found = ran.said.find(kTook);
  const long long microseconds =
      found == std::string::npos ? 0 : std::strtoll(ran.said.c_str() + found + kTook.size(), nullptr, 10);
  return microseconds > 0 ? took(1, std::chrono::microseconds(microseconds)) : broken("the page did not show", 0);
}

Outcome page_interpreted(const Ground& ground) { return page(ground, Engine::interprets); }
Outcome page_compiled(const Ground& ground) { return page(ground, Engine::compiles); }

}  // namespace

const std::vector<NamedAttack> kCosts = {{"cost.exec", execute},
                                         {"cost.open", open_and_read},
                                         {"cost.page", page_interpreted},
                                         {"cost.page-compiled", page_compiled}};

}  // namespace ashlar::live
