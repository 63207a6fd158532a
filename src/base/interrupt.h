// Ctrl-C, SIGTERM and a lost terminal as an error that travels like any other, so that what was begun is cleaned up on
// the way out.
#pragma once

#include "base/result.h"

namespace ashlar {

// From now on SIGINT, SIGTERM and SIGHUP are noted instead of ending the program; the second one ends it. What the
// caller has ignored stays ignored. For host programs.
void note_interrupts();

// An error once an interrupt was noted. Long work asks between its pieces.
Status check_interrupted();

}  // namespace ashlar
