// One attack from inside judged: what it said, what the kernel wrote of it, and its control. Pure.
#pragma once

#include "prove/judge.h"
#include "prove/live/cases.h"
#include "prove/live_run.h"

namespace ashlar::prove {

// The machines; a control that did not run is nullptr.
struct LiveRuns {
  const LiveRun* strong = nullptr;       // the image as it is
  const LiveRun* without_ipe = nullptr;  // the same with an IPE policy that allows everything
  const LiveRun* bare = nullptr;         // the same without policies, verity and sandboxes
};

// Held: refused by whom the table names, in the way it names, and every control that ran succeeded, one at least.
// Hole: it succeeded. Other layer: it was refused, but by somebody else or in another way. Broken: it was not tried, or
// shows nothing since its control did not succeed.
CaseReport judge_live(const live::Case& each, const LiveRuns& runs);

// "session/exec.tmp"
std::string id_of(const live::Case& each);

}  // namespace ashlar::prove
