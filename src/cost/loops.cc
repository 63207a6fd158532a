#include "cost/loops.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include "prove/live/attack.h"

namespace ashlar::cost {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLong = std::chrono::milliseconds(1500);
constexpr unsigned kWarmUp = 20;  // pages read, entries made, decisions cached

// The clock is read once in `batch`, which is to be a small part of the whole.
template <typename Once>
std::string repeat(unsigned batch, Once once) {
  for (unsigned i = 0; i < kWarmUp; ++i) {
    if (!once()) return "failed at the first try";
  }
  const Clock::time_point started = Clock::now();
  unsigned count = 0;
  Clock::duration took{};
  while (took < kLong) {
    for (unsigned i = 0; i < batch; ++i, ++count) {
      if (!once()) return "failed after " + std::to_string(count);
    }
    took = Clock::now() - started;
  }
  return std::to_string(count) + " " +
         std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
}

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

bool read_once() {
  std::array<char, 4096> content;
  int file = ::open("/usr/share/ashlar/welcome/index.html", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool whole = ::read(file, content.data(), content.size()) > 0;
  ::close(file);
  return whole;
}

// Calls, properties, strings, sorting, typed arrays, regular expressions, the document: about as long each.
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

std::string page(const std::string& engine) {
  constexpr int kPatience = 300'000;  // milliseconds
  const char* home = std::getenv("HOME");
  const std::string at = home == nullptr ? "/tmp" : home;
  std::string address = "data:text/html,<body><script>";
  for (char c : std::string_view(kScript)) {
    if (c == '\n') continue;
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    if (std::string_view("%#&+ \"").find(c) == std::string_view::npos) {
      address += c;
    } else {
      address += {'%', kDigits[static_cast<unsigned char>(c) >> 4], kDigits[c & 0xf]};
    }
  }
  address += "</script>";
  live::Ran ran = live::run(
      {.path = "/usr/lib/chromium/chromium",
       .arguments = {"--headless", "--ozone-platform=headless", "--disable-gpu", "--disable-software-rasterizer",
                     "--ipc-connection-timeout=120", "--no-first-run", "--password-store=basic", "--js-flags=" + engine,
                     "--user-data-dir=" + at + "/cost-profile", "--dump-dom", address},
       .environment = {"HOME=" + at, "XDG_RUNTIME_DIR=" + at},
       .patience = kPatience});
  constexpr std::string_view kTook = "took:";
  const std::size_t found = ran.said.find(kTook);
  if (found == std::string::npos) return "the page did not show: " + ran.said.substr(0, 200);
  const unsigned long microseconds = std::strtoul(ran.said.c_str() + found + kTook.size(), nullptr, 10);
  return "1 " + std::to_string(microseconds * 1000);
}

std::string execute() { return repeat(1, execute_once); }
std::string read() { return repeat(16, read_once); }
std::string page_interpreted() { return page("--jitless"); }
std::string page_compiled() { return page("--no-jitless"); }

}  // namespace

Loop loop_of(const std::string& name) {
  if (name == "exec") return execute;
  if (name == "open") return read;
  if (name == "page") return page_interpreted;
  if (name == "page-jit") return page_compiled;
  return nullptr;
}

}  // namespace ashlar::cost
