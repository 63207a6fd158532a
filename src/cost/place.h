// Where the loops run.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace ashlar::cost {

// "session": what PID 1 makes for the session's service, in the domain of the person's programs where a policy is
// loaded. "beside": the person's user, in no sandbox; SELinux's domain stays the caller's.
// "free": the same, and the browser without the policies of the image. Gives what is to be added to
// the environment.
Result<std::vector<std::string>> enter(const std::string& place);

}  // namespace ashlar::cost
