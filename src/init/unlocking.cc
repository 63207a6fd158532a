#include "init/unlocking.h"

#include <sys/wait.h>

#include "format/rollback.h"
#include "format/tpm_command.h"

namespace ashlar {
namespace {

constexpr char kProgram[] = "/usr/lib/ashlar/data";
const std::vector<std::string> kEnvironment = {"PATH=/usr/sbin:/usr/bin", "HOME=/", "LANG=C.UTF-8"};

Status extend_cap(Kernel& kernel) {
  std::optional<Bytes> answer = TRY(kernel.tpm(build_pcr_extend(kPcrUnlockingEnded, kUnlockingEnded)));
  return answer ? check_tpm_answer(*answer) : Status{};  // a machine without a TPM has nothing to close
}

// What is not said costs a try at the next start, and no more: no reason to stop.
void tell_that_power_may_go(Kernel& kernel) {
  Result<std::optional<Bytes>> answer = kernel.tpm(build_tpm_shutdown());
  Status done = !answer ? std::unexpected(answer.error()) : *answer ? check_tpm_answer(**answer) : Status{};
  if (!done) kernel.say(Severity::failure, "ashlar: TPM2_Shutdown: " + done.error().message());
}

// For now a boot is good when /data is open: images of older epochs are retired. PID 1 reaps it like any child.
void mark_boot_good(Kernel& kernel) {
  Result<int> started = kernel.start(kProgram, {"data", "boot-good"}, kEnvironment);
  if (!started) kernel.say(Severity::failure, "ashlar: mark this boot good: " + started.error().message());
}

// What the unlocking program left; nobody where that cannot be read.
SessionOwner read_owner(Kernel& kernel) {
  Result<SessionOwner> owner = [&]() -> Result<SessionOwner> {
    Bytes line = TRY(kernel.read_file(kSessionOwnerFile, kLongestSessionOwner));
    return parse_session_owner(as_text(line));
  }();
  if (owner) return *owner;
  kernel.say(Severity::failure, "ashlar: " + owner.error().message());
  return {};
}

std::string_view word_of(DataState state) {
  switch (state) {
    case DataState::none:
      return "none";
    case DataState::open:
    case DataState::open_without_home:
      return "open";
    case DataState::closed:
      return "closed";
    case DataState::skipped:
      return "skipped";
  }
  return "closed";
}

}  // namespace

Status Unlocking::begin(Kernel& kernel) {
  if (!kernel.exists(kProgram)) return end(kernel, DataState::none);
  Result<int> started = kernel.start(kProgram, {"data"}, kEnvironment);
  if (!started) {
    kernel.say(Severity::failure, "ashlar: " + started.error().message());
    return end(kernel, DataState::closed);
  }
  program_ = *started;
  return {};
}

Status Unlocking::has_ended(Kernel& kernel, int child, int wait_status) {
  if (over_ || child != program_) return {};
  int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
  if (status == kWantsRestart) wanted_ = PowerState::restart;
  if (status == kWantsOff) wanted_ = PowerState::off;
  return end(kernel, status == 0 ? DataState::open : status == kWithoutData ? DataState::skipped : DataState::closed);
}

Status Unlocking::end(Kernel& kernel, DataState outcome) {
  over_ = true;
  TRY(in("close the TPM until the next start", extend_cap(kernel)));
  tell_that_power_may_go(kernel);
  kernel.say(Severity::info, "ashlar: data=" + std::string(word_of(outcome)));
  if (outcome == DataState::none || wanted_) return {};  // there was no other page in between, or another one comes
  state_.data = outcome;
  if (outcome == DataState::open) {
    owner_ = read_owner(kernel);
    if (owner_.user == 0) state_.data = DataState::open_without_home;
  }
  kernel.show(ready_page(state_));
  if (outcome == DataState::open) mark_boot_good(kernel);
  return {};
}

}  // namespace ashlar
