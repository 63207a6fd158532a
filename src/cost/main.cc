// cost: what a test image has to measure itself with (profile live). Root calls it on the dev variant's console.
//
//     cost in PLACE LOOP...      a line for each loop of loops.h: "cost: LOOP in PLACE: COUNT NANOSECONDS"
//
// PLACE is console, or one of place.h. As /init of an initramfs it starts the same system without the kernel's layers.
#include <unistd.h>

#include <cstdio>

#include "base/monotonic.h"
#include "cost/loops.h"
#include "cost/place.h"
#include "cost/start_bare.h"
#include "sys/failure.h"
#include "sys/linux_kernel.h"

namespace {

using namespace ashlar;

constexpr char kItself[] = "/usr/lib/ashlar/cost";

int measure(const std::string& place, const std::vector<std::string>& loops) {
  for (const std::string& name : loops) {
    cost::Loop loop = cost::loop_of(name);
    const std::string took = loop == nullptr ? "there is no such loop" : loop();
    std::printf("cost: %s in %s: %s\n", name.c_str(), place.c_str(), took.c_str());
    std::fflush(stdout);
  }
  return 0;
}

// The domain of a place begins with an exec.
int measure_in(const std::string& place, std::vector<char*> words) {
  Result<std::vector<std::string>> entered = cost::enter(place);
  if (!entered) {
    std::printf("cost: in %s: %s\n", place.c_str(), entered.error().message().c_str());
    return 1;
  }
  entered->emplace_back("PATH=/usr/sbin:/usr/bin");
  std::vector<char*> environment;
  for (std::string& entry : *entered) environment.push_back(entry.data());
  environment.push_back(nullptr);
  std::string inside = "inside";
  words[1] = inside.data();
  words.push_back(nullptr);
  ::execve(kItself, words.data(), environment.data());
  std::perror("execute it inside");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (::getpid() == 1) {
    const std::chrono::milliseconds started = monotonic_now();
    LinuxKernel kernel;
    Status status = cost::start_bare(kernel, started);
    give_up(kernel, status.error());
  }
  if (argc < 4) return 2;
  const std::string verb = argv[1];
  const std::string place = argv[2];
  if (verb == "in" && place != "console") return measure_in(place, {argv, argv + argc});
  return measure(place, {argv + 3, argv + argc});
}
