// A volume that was opened at the prompt, and by what.
#pragma once

#include "data/enrolment.h"
#include "sys/tpm_failure.h"

namespace ashlar {

struct Opened {
  UnlockedVolume volume;
  unsigned user = 0;  // who stands at the prompt, 1 to 8; 0: nobody chose

  // The user's password, once it was typed and right.
  std::optional<StretchedPassword> password = std::nullopt;
  std::optional<Secret> tpm_secret = std::nullopt;  // what the TPM gave for it
  bool as_expected = false;                         // it came from `expecting`: the firmware changed, as announced

  // With the recovery key instead:
  std::optional<Secret> recovery_key = std::nullopt;
  std::optional<Error> refusal = std::nullopt;  // why the password could not be used; nullopt: the person chose it
};

}  // namespace ashlar
