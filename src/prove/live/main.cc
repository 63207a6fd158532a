// attack: what a test image has to attack itself with (profile live). Root calls it on the dev variant's console.
//
//     attack in PLACE [NAME...]    every attack of that place (cases.h), or these; "quick": without the slow ones
//     attack bare [NAME...]        the controls, as PID 1's child on a system that nothing is on
//     (src/prove/live_machines) attack records               what the kernel wrote about denials, a line each attack
//     serve                 lets every such record through: the kernel writes ten in five seconds by default
//
// An attack's line:  attack: NAME in PLACE: END ERROR pids=12,13 STEP
// END is done, refused, broken or killed; ERROR an errno's name, a signal's, or -.
#include <unistd.h>

#include <cstdio>

#include "prove/live/attack.h"
#include "prove/live/runner.h"

int main(int argc, char** argv) {
  using namespace ashlar::live;
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) return 2;
  std::string verb = words.front();
  words.erase(words.begin());
  // What attacks make others execute.
  if (verb == "payload") return kReached;
  if (verb == "payload-stack") return payload_on_stack();
  if (verb == "records") return print_records();
  if (verb == "serve") return let_records_through();
  if (verb == "bare") return attack_bare(words);
  if (words.empty()) return 2;
  std::string place = words.front();
  words.erase(words.begin());
  if (verb == "in") return attack_in(place, words);
  if (verb == "inside") return attack_inside(place, words);
  return 2;
}
