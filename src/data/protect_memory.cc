#include "data/protect_memory.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace ashlar {

Status protect_memory() {
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return fail_errno("forbid core dumps");
  constexpr rlimit kNone{0, 0};
  if (::setrlimit(RLIMIT_CORE, &kNone) != 0) return fail_errno("forbid core dumps");
  // On fault: Argon2id asks for much memory before it uses it.
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) return fail_errno("lock memory");
  return {};
}

}  // namespace ashlar
