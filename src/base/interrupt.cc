#include "base/interrupt.h"

#include <signal.h>

#include <csignal>

namespace ashlar {
namespace {

volatile sig_atomic_t interrupted = 0;

void note(int) { interrupted = 1; }

}  // namespace

void note_interrupts() {
  struct sigaction action{};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // no SA_RESTART: a waiting system call must come back
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

Status check_interrupted() {
  if (interrupted != 0) return fail("interrupted; what was finished is in the cache, the next call goes on from there");
  return {};
}

}  // namespace ashlar
