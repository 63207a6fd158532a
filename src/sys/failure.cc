#include "sys/failure.h"

#include "sys/release.h"

namespace ashlar {

void announce_and_restart(Kernel& kernel, const Error& error) {
  kernel.say(Severity::failure, "ashlar: failed: " + error.message());
  for (int seconds = kSecondsToRead; seconds > 0; --seconds) {
    kernel.show(failure_page(kVersion, kVariant, error.message(), seconds));
    kernel.sleep(1000);
  }
  kernel.show(failure_page(kVersion, kVariant, error.message(), 0));
  kernel.leave(PowerState::restart);
}

void give_up(Kernel& kernel, const Error& error) {
  for (;;) announce_and_restart(kernel, error);
}

}  // namespace ashlar
