// Why /data does not open, in words for the prompt. Pure.
#pragma once

#include "data/prompt.h"
#include "format/pcr_values.h"
#include "sys/tpm_authority.h"

namespace ashlar {

// What was read of the TPM to explain with; empty where it could not be.
struct TpmFacts {
  PcrValues enrolled;  // of the user's token
  PcrValues present;
  std::optional<LockoutState> lockout;
};

// Why the TPM will not give out the secret. `refusal` has a TpmFailure, or is told as it is.
Notice explain_refusal(const Error& refusal, const TpmFacts& facts);
// What stopped the turn: a header that is not ours, a file system that does not mount.
Notice explain_failure(const Error& error);

// "Wrong password. 9 tries left."; nothing about tries where there is no TPM to count them.
std::string wrong_password_remark(const std::optional<LockoutState>& lockout);
// What is lost without a TPM.
std::vector<PageLine> words_without_tpm();

// "2 hours", "10 minutes", "1 minute": rounded up to what a person would say.
std::string words_of_time(std::chrono::seconds time);
// What a register says of the machine: "the firmware itself".
std::string_view words_of_pcr(unsigned pcr);

}  // namespace ashlar
