#include "init/unlocking.h"

#include <sys/wait.h>

#include "format/rollback.h"
#include "format/tpm_command.h"

namespace ashlar {
namespace {

constexpr char kProgram[] = "/usr/lib/ashlar/data";

Status extend_cap(Kernel& kernel) {
  std::optional<Bytes> answer = TRY(kernel.tpm(build_pcr_extend(kPcrUnlockingEnded, kUnlockingEnded)));
  return answer ? check_tpm_answer(*answer) : Status{};  // a machine without a TPM has nothing to close
}

}  // namespace

Status Unlocking::begin(Kernel& kernel) {
  if (!kernel.exists(kProgram)) return end(kernel, "none");
  Result<int> started = kernel.start(kProgram, {"data"}, {"PATH=/usr/sbin:/usr/bin", "HOME=/", "LANG=C.UTF-8"});
  if (!started) {
    kernel.say(Severity::failure, "ashlar: " + started.error().message());
    return end(kernel, "closed");
  }
  program_ = *started;
  return {};
}

Status Unlocking::has_ended(Kernel& kernel, int child, int wait_status) {
  if (over_ || child != program_) return {};
  return end(kernel, WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0 ? "open" : "closed");
}

Status Unlocking::end(Kernel& kernel, std::string_view outcome) {
  over_ = true;
  TRY(in("close the TPM until the next start", extend_cap(kernel)));
  kernel.say(Severity::info, "ashlar: data=" + std::string(outcome));
  return {};
}

}  // namespace ashlar
