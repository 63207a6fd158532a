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
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before{};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);  // nohup's wish stays
  }
}

Status check_interrupted() {
  if (interrupted != 0) return fail("interrupted; what was finished is in the cache, the next call goes on from there");
  return {};
}

}  // namespace ashlar
