// One attack from inside judged: what it said, what the kernel wrote of it, and its control. Pure.
#pragma once

#include <span>

#include "prove/judge.h"
#include "prove/live/cases.h"
#include "prove/live_run.h"

namespace ashlar::prove {

// The machines (live/cases.h: Layers, Control). One that did not run is nullptr: where it would have been a row's
// control, `bare` stands in for it.
struct LiveRuns {
  const LiveRun* strong = nullptr;
  const LiveRun* watched = nullptr;
  const LiveRun* open = nullptr;
  const LiveRun* bare = nullptr;
};

// Held: refused by whom the table names, in the way it names, and the control succeeded.
// Hole: it succeeded. Other layer: it was refused, but by somebody else or in another way. Broken: it was not tried, or
// shows nothing since its control did not succeed.
CaseReport judge_live(const live::Case& each, const LiveRuns& runs);

// Of everything that a record answers for on the image as it is, `ashlarctl denials` there has told: who wanted what,
// who denied it and by which rule.
CaseReport judge_denials(std::span<const live::Case> cases, const LiveRun& strong);

// "session/exec.tmp", or "root/exec.usb/behind" where it is what stands behind SELinux
std::string id_of(const live::Case& each);

}  // namespace ashlar::prove
