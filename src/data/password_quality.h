// How hard a password is to guess, by zxcvbn's estimate: what somebody needs who tries likely passwords first.
#pragma once

#include "base/secret.h"

namespace ashlar {

// With a TPM guessing takes the TPM, and it allows ten tries; what is left is to withstand who has read out the TPM.
// Without one a stolen disk can be guessed at for years.
constexpr double kLeastBitsWithTpm = 40;
constexpr double kLeastBitsWithoutTpm = 60;
constexpr std::size_t kJudgedCharacters = 100;  // what comes after is not looked at, and does no harm

struct PasswordStrength {
  double bits = 0;       // log2 of the guesses
  std::string weakness;  // what makes it guessable, a sentence; empty: nothing in particular
};

// `name`: the person's, whose words count as the first guesses.
Result<PasswordStrength> judge_password(const Secret& password, const std::string& name);

// Why it is refused, and what would be better; nullopt when it is strong enough.
std::optional<std::string> why_too_weak(const PasswordStrength& strength, double least_bits);
// "good", "very good".
std::string words_of_strength(const PasswordStrength& strength, double least_bits);

}  // namespace ashlar
