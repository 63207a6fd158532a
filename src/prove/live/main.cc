// attack: what a test image has to attack itself with (profile live). Root calls it on the dev variant's console.
//
//     attack prepare               once, before everything
//     attack prepare-bare          the same on a system that nothing is on
//     attack in PLACE NAME...      attacks of that place (cases.h)
//     attack bare NAME...          the controls, there, as PID 1's child
//     attack records               what the kernel wrote about denials
//     attack denials               what `ashlarctl denials` makes of that
//
// As /init of an initramfs it starts the same system without its policies (start_unlabelled.h).
//
// An attack's line:  attack: NAME in PLACE: END ERROR pids=12,13 STEP
// END is done, refused, broken or killed; ERROR an errno's name, a signal's, or -. Each line has a sum (line.h).
#include <unistd.h>

#include <cstdio>

#include "base/monotonic.h"
#include "prove/live/attack.h"
#include "prove/live/runner.h"
#include "prove/live/start_unlabelled.h"
#include "sys/failure.h"
#include "sys/linux_kernel.h"

int main(int argc, char** argv) {
  using namespace ashlar::live;
  if (::getpid() == 1) {
    const std::chrono::milliseconds started = ashlar::monotonic_now();
    ashlar::LinuxKernel kernel;
    ashlar::Status status = start_unlabelled(kernel, started);
    ashlar::give_up(kernel, status.error());
  }
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) return 2;
  std::string verb = words.front();
  words.erase(words.begin());
  // What attacks make others execute.
  if (verb == "payload") return kReached;
  if (verb == "payload-stack") return payload_on_stack();
  if (verb == "records") return print_records();
  if (verb == "denials") return print_denials();
  if (verb == "prepare") return prepare();
  if (verb == "prepare-bare") return prepare_bare();
  if (verb == "bare") return attack_bare(words);
  if (words.empty()) return 2;
  std::string place = words.front();
  words.erase(words.begin());
  if (verb == "in") return attack_in(place, words);
  if (verb == "each") return attack_each(place, words);
  if (verb == "once" && !words.empty()) return attack_once(place, words.front());
  return 2;
}
